import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDisable, useEnable } from '~/api/destinations'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'
import { report } from '~/ui/toast'

/** The longest reason that the API takes, in bytes; a character may have three. */
const REASON = 160

/** Switches a destination off, once it is said why: whoever meets it will want to know. */
export function SwitchOff({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation()
  const disable = useDisable(id)
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const confirm = () =>
    void report(
      disable.mutateAsync(reason.trim()).then(() => setOpen(false)),
      () => ({ text: t('destinations.disabled') }),
    )
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('destinations.disable')}</Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        label={t('destinations.disable')}
        className="w-[min(28rem,92vw)]"
      >
        <form
          className="space-y-4 p-5"
          onSubmit={(event) => {
            event.preventDefault()
            confirm()
          }}
        >
          <h2 className="text-title font-semibold">{t('destinations.disableName', { name })}</h2>
          <p className="text-ink-2">{t('destinations.disableText')}</p>
          <label className="block text-small font-medium text-ink-2">
            {t('destinations.reason')}
            <input
              value={reason}
              maxLength={REASON}
              autoComplete="off"
              placeholder={t('destinations.reasonExample')}
              onChange={({ target }) => setReason(target.value)}
              className={`${CONTROL} mt-1 h-9! font-normal text-ink`}
            />
          </label>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setOpen(false)}>{t('cancel')}</Button>
            <Button type="submit" look="primary" busy={disable.isPending}>
              {t('destinations.disable')}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

/** Lets a destination that was switched off take deliveries again. */
export function SwitchOn({ id }: { id: string }) {
  const { t } = useTranslation()
  const enable = useEnable(id)
  return (
    <Button
      busy={enable.isPending}
      onClick={() => void report(enable.mutateAsync(), () => ({ text: t('destinations.enabled') }))}
    >
      {t('destinations.enable')}
    </Button>
  )
}
