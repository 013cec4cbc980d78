import { useNavigate } from '@tanstack/react-router'
import { CalendarClock } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { ScheduleForm } from './ScheduleForm'

/** Makes a source that no request begins, but the time. */
export function NewSchedule() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const environment = useEnvironment()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <CalendarClock size={14} aria-hidden="true" />
        {t('sources.newSchedule')}
      </Button>
      <Dialog
        open={open}
        onClose={close}
        label={t('sources.newSchedule')}
        className="w-[min(38rem,94vw)] text-left"
      >
        <div className="space-y-4 p-5">
          <h2 className="text-title font-semibold">{t('sources.newSchedule')}</h2>
          <ScheduleForm
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
