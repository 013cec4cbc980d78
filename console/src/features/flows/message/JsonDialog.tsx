import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'

interface JsonDialogProps {
  name: string
  value: unknown
  onApply: (value: unknown) => void
  onClose: () => void
}

/** A value as JSON, to be written or pasted at once; it becomes fields that can be mapped one by one. */
export function JsonDialog({ name, value, onApply, onClose }: JsonDialogProps) {
  const { t } = useTranslation()
  const id = useId()
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)))
  const [error, setError] = useState<string>()
  const apply = () => {
    try {
      onApply(JSON.parse(text) as unknown)
      onClose()
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    }
  }
  return (
    <Dialog open onClose={onClose} label={t('message.jsonOf', { name })} className="w-[min(42rem,94vw)]">
      <div className="space-y-3 p-5">
        <h2 className="text-title font-semibold">{t('message.jsonOf', { name })}</h2>
        <label htmlFor={id} className="block text-ink-2">
          {t('message.jsonText')}
        </label>
        <textarea
          id={id}
          rows={14}
          spellCheck={false}
          value={text}
          aria-invalid={error !== undefined || undefined}
          aria-describedby={error && `${id}-wrong`}
          onChange={({ target }) => {
            setText(target.value)
            setError(undefined)
          }}
          className={`${CONTROL} h-auto! py-2 font-mono text-small leading-5`}
        />
        <p id={`${id}-wrong`} className="min-h-4 text-small text-failed">
          {error && t('message.jsonWrong', { reason: error })}
        </p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" onClick={apply}>
            {t('message.apply')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
