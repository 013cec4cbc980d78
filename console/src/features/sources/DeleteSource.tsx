import { useNavigate } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDeleteSource } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'
import { report } from '~/ui/toast'

/** Deletes a source once its name has been typed: it is gone for good, an address with it. */
export function DeleteSource({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const remove = useDeleteSource(source.id)
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const close = () => {
    setOpen(false)
    setTyped('')
  }
  const confirm = () =>
    void report(
      remove.mutateAsync().then(() => navigate({ to: '/sources', ignoreBlocker: true })),
      () => ({ text: t('sources.deleted', { name: source.name }) }),
    )
  return (
    <>
      <Button look="quiet" className="text-failed!" onClick={() => setOpen(true)}>
        <Trash2 size={14} aria-hidden="true" />
        {t('sources.delete')}
      </Button>
      <Dialog open={open} onClose={close} label={t('sources.delete')} className="w-[min(28rem,92vw)]">
        {/* No form: it would stand within the form of the settings. */}
        <div className="space-y-4 p-5">
          <h2 className="text-title font-semibold">{t('sources.deleteName', { name: source.name })}</h2>
          <p className="text-ink-2">{t(source.url ? 'sources.deleteText' : 'sources.deleteSchedule')}</p>
          <label className="block text-small font-medium text-ink-2">
            {t('sources.typeName', { name: source.name })}
            <input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                if (typed === source.name) confirm()
              }}
              autoComplete="off"
              className={`${CONTROL} mt-1 h-9! font-normal text-ink`}
            />
          </label>
          <div className="flex justify-end gap-2">
            <Button onClick={close}>{t('cancel')}</Button>
            <Button
              look="primary"
              className="bg-failed! text-surface!"
              disabled={typed !== source.name}
              busy={remove.isPending}
              onClick={confirm}
            >
              {t('sources.delete')}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  )
}
