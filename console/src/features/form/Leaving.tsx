import { useBlocker } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'

/** Asks before what is not saved is left: for another page, another environment, or by closing the tab. */
export function Leaving({ dirty }: { dirty: boolean }) {
  const { t } = useTranslation()
  const { status, proceed, reset } = useBlocker({
    // The sides of one page keep what is written.
    shouldBlockFn: ({ current, next }) =>
      dirty && (current.pathname !== next.pathname || environmentOf(current) !== environmentOf(next)),
    enableBeforeUnload: () => dirty,
    withResolver: true,
  })
  const stay = () => reset?.()
  return (
    <Dialog
      open={status === 'blocked'}
      onClose={stay}
      label={t('leaving.title')}
      className="w-[min(28rem,94vw)]"
    >
      <div className="space-y-3 p-5">
        <h2 className="text-title font-semibold">{t('leaving.title')}</h2>
        <p className="text-ink-2">{t('leaving.text')}</p>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={() => proceed?.()} className="text-failed!">
            {t('leaving.leave')}
          </Button>
          <Button look="primary" onClick={stay}>
            {t('leaving.stay')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function environmentOf({ search }: { search: object }): unknown {
  return 'env' in search ? search.env : undefined
}
