import { useNavigate } from '@tanstack/react-router'
import { BellRing, CalendarClock } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { AlertForm } from './AlertForm'
import { ScheduleForm } from './ScheduleForm'

/** The kinds of source that no request begins: the time does, or what befalls a destination. */
const KINDS = {
  schedule: { Icon: CalendarClock, word: 'sources.newSchedule', Form: ScheduleForm },
  alert: { Icon: BellRing, word: 'sources.newAlerts', Form: AlertForm },
} as const

/** Makes a source that takes no requests, by one form in a dialog. */
export function NewByForm({ kind }: { kind: keyof typeof KINDS }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const environment = useEnvironment()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  const { Icon, word, Form } = KINDS[kind]
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Icon size={14} aria-hidden="true" />
        {t(word)}
      </Button>
      <Dialog open={open} onClose={close} label={t(word)} className="w-[min(38rem,94vw)] text-left">
        <div className="space-y-4 p-5">
          <h2 className="text-title font-semibold">{t(word)}</h2>
          <Form
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
