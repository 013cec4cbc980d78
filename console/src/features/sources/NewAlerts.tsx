import { useNavigate } from '@tanstack/react-router'
import { BellRing } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { AlertForm } from './AlertForm'

/** Makes a source that begins when something befalls a destination. */
export function NewAlerts() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const environment = useEnvironment()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <BellRing size={14} aria-hidden="true" />
        {t('sources.newAlerts')}
      </Button>
      <Dialog
        open={open}
        onClose={close}
        label={t('sources.newAlerts')}
        className="w-[min(38rem,94vw)] text-left"
      >
        <div className="space-y-4 p-5">
          <h2 className="text-title font-semibold">{t('sources.newAlerts')}</h2>
          <AlertForm
            environment={environment}
            onCancel={close}
            onSaved={({ id }) => {
              close()
              void navigate({ to: '/sources/$source', params: { source: id } })
            }}
          />
        </div>
      </Dialog>
    </>
  )
}
