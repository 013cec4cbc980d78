import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDiscardLetter } from '~/api/letters'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { report } from '~/ui/toast'

/** Gives a dead letter up, which cannot be undone. */
export function DiscardLetter({ id }: { id: string }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const discard = useDiscardLetter(id)
  const confirm = () => {
    setOpen(false)
    void report(discard.mutateAsync(), () => ({ text: t('deliveries.discarded') }))
  }
  return (
    <>
      <Button look="quiet" className="text-failed!" busy={discard.isPending} onClick={() => setOpen(true)}>
        <Trash2 size={14} aria-hidden="true" />
        {t('deliveries.discard')}
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        label={t('deliveries.discardOne')}
        className="w-[min(28rem,92vw)]"
      >
        <div className="space-y-4 p-5">
          <h2 className="text-title font-semibold">{t('deliveries.discardOne')}</h2>
          <p className="text-ink-2">{t('deliveries.discardOneText')}</p>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setOpen(false)}>{t('cancel')}</Button>
            <Button look="primary" className="bg-failed! text-surface!" onClick={confirm}>
              {t('deliveries.discard')}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  )
}
