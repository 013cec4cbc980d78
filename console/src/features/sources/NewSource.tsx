import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { CopyButton } from '~/ui/Copy'
import { Dialog } from '~/ui/Dialog'
import { Segments } from '~/ui/Segments'
import { useWord } from '../thread/words'
import { makeSource } from './NoSources'
import { ScheduleForm } from './ScheduleForm'

type Kind = 'webhook' | 'schedule'

/** Makes a source: a schedule by a form, one that takes requests by a call to copy. */
export function NewSource({ environment }: { environment: string }) {
  const { t } = useTranslation()
  const word = useWord()
  const navigate = useNavigate()
  const [open, setOpen] = useState(false)
  const [kind, setKind] = useState<Kind>('schedule')
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Plus size={14} aria-hidden="true" />
        {t('sources.new')}
      </Button>
      <Dialog open={open} onClose={close} label={t('sources.new')} className="w-[min(38rem,94vw)]">
        <div className="space-y-4 p-5">
          <div className="flex items-center justify-between gap-3">
            <h2 className="text-title font-semibold">{t('sources.new')}</h2>
            <Segments<Kind>
              label={t('sources.kind')}
              value={kind}
              options={[
                { value: 'schedule', label: word('schedule') },
                { value: 'webhook', label: word('webhook') },
              ]}
              onChoose={setKind}
            />
          </div>
          {kind === 'schedule' ? (
            <ScheduleForm
              environment={environment}
              onCancel={close}
              onSaved={({ id }) => {
                close()
                void navigate({ to: '/sources/$source', params: { source: id } })
              }}
            />
          ) : (
            <ByCall environment={environment} />
          )}
        </div>
      </Dialog>
    </>
  )
}

function ByCall({ environment }: { environment: string }) {
  const { t } = useTranslation()
  const call = makeSource(location.origin, environment, 'API_KEY')
  return (
    <>
      <p className="text-ink-2">{t('sources.noneText')}</p>
      <div className="flex items-start gap-2 rounded-base border border-line bg-sunken p-3">
        <pre className="min-w-0 flex-1 font-mono text-small leading-5 break-words whitespace-pre-wrap">
          {call}
        </pre>
        <CopyButton text={call} what="curl" />
      </div>
    </>
  )
}
