import { useNavigate, useSearch } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { ReplayForm } from './ReplayForm'

/** Runs many events again: the events that are listed, to begin with. */
export function ReplayEvents() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { source, flow } = useSearch({ from: '/frame/events' })
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  if (!useMayOperate()) return null
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <RotateCcw size={14} aria-hidden="true" />
        {t('replays.new')}
      </Button>
      <Dialog open={open} onClose={close} label={t('replays.newTitle')} className="w-[min(36rem,94vw)]">
        <ReplayForm
          source={source}
          flow={flow}
          onCancel={close}
          onStarted={(job) => {
            close()
            void navigate({ to: '/jobs/$job', params: { job } })
          }}
        />
      </Dialog>
    </>
  )
}
