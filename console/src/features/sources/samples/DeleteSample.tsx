import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDeleteSample } from '~/api/mutations'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { report } from '~/ui/toast'

/** Deletes a sample. It cannot be brought back once the history that it came from is gone, so it is asked first. */
export function DeleteSample({ source, name }: { source: string; name: string }) {
  const { t } = useTranslation()
  const remove = useDeleteSample(source)
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button look="quiet" className="text-failed!" onClick={() => setOpen(true)}>
        <Trash2 size={13} aria-hidden="true" />
        {t('samples.delete')}
      </Button>
      <Dialog open={open} onClose={close} label={t('samples.delete')} className="w-[min(26rem,94vw)]">
        <div className="space-y-3 p-5">
          <h2 className="text-title font-semibold">{t('samples.deleteName', { name })}</h2>
          <p className="text-ink-2">{t('samples.deleteText')}</p>
          <div className="flex justify-end gap-2 pt-1">
            <Button onClick={close}>{t('cancel')}</Button>
            <Button
              className="text-failed!"
              busy={remove.isPending}
              onClick={() =>
                void report(remove.mutateAsync(name), () => ({ text: t('samples.deleted', { name }) }))
              }
            >
              {t('samples.delete')}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  )
}
