import { useNavigate } from '@tanstack/react-router'
import { Pencil } from 'lucide-react'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useEditLetter } from '~/api/letters'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { checked } from './checked'

/** Changes what a dead letter says and sends it, as a delivery of its own. */
export function EditLetter({ id, message }: { id: string; message: unknown }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Pencil size={14} aria-hidden="true" />
        {t('deliveries.edit')}
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        label={t('deliveries.edit')}
        className="w-[min(48rem,94vw)]"
      >
        <Editor id={id} message={message} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  )
}

function Editor({ id, message, onClose }: { id: string; message: unknown; onClose: () => void }) {
  const { t } = useTranslation()
  const field = useId()
  const navigate = useNavigate()
  const send = useEditLetter(id)
  const [text, setText] = useState(() => JSON.stringify(message, null, 2))
  const read = checked(text)
  const submit = async () => {
    if (!('value' in read)) return
    const made = await send.mutateAsync(read.value)
    tell({ text: t('deliveries.edited') })
    onClose()
    await navigate({ to: '/deliveries/$delivery', params: { delivery: made.id } })
  }
  return (
    <form
      className="space-y-3 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        // What goes wrong is shown below.
        void submit().catch(() => undefined)
      }}
    >
      <h2 className="text-title font-semibold">{t('deliveries.edit')}</h2>
      <p className="text-ink-2">{t('deliveries.editText')}</p>
      <label htmlFor={field} className="block text-small font-medium text-ink-2">
        {t('deliveries.message')}
      </label>
      <textarea
        id={field}
        value={text}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
        aria-invalid={'wrong' in read || undefined}
        aria-describedby={`${field}-wrong`}
        className={`${CONTROL} h-80! resize-y py-2 font-mono text-small leading-5`}
      />
      <p id={`${field}-wrong`} role="status" className="min-h-5 text-small text-failed">
        {'wrong' in read &&
          (read.line === undefined
            ? t('deliveries.notJson')
            : t('deliveries.notJsonAt', { line: read.line, column: read.column }))}
      </p>
      {send.error && <Problem error={send.error} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" look="primary" disabled={'wrong' in read} busy={send.isPending}>
          {t('deliveries.editSend')}
        </Button>
      </div>
    </form>
  )
}
