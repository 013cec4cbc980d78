import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'

/** Deletes something once its name has been typed: it is gone for good. */
export function DeleteNamed({ name, label, title, text, busy, onDelete }: DeleteNamedProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const close = () => {
    setOpen(false)
    setTyped('')
  }
  return (
    <>
      <Button look="quiet" className="text-failed!" onClick={() => setOpen(true)}>
        <Trash2 size={14} aria-hidden="true" />
        {label}
      </Button>
      <Dialog open={open} onClose={close} label={label} className="w-[min(28rem,92vw)]">
        {/* No form: it would stand within the form of the settings. */}
        <div className="space-y-4 p-5">
          <h2 className="text-title font-semibold">{title}</h2>
          <p className="text-ink-2">{text}</p>
          <label className="block text-small font-medium text-ink-2">
            {t('sources.typeName', { name })}
            <input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                if (typed === name) onDelete()
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
              disabled={typed !== name}
              busy={busy}
              onClick={onDelete}
            >
              {label}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  )
}

interface DeleteNamedProps {
  name: string
  /** What the button says. */
  label: string
  title: string
  /** What becomes of what hangs on it. */
  text: string
  busy: boolean
  onDelete: () => void
}
