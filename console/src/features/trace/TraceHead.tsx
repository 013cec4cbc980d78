import { Link } from '@tanstack/react-router'
import { ArrowLeft, ArrowRight, Link2, PanelLeftOpen, Square } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useCancelRun } from '~/api/mutations'
import type { RunTrace, Trace } from '~/api/queries'
import { useNames } from '~/app/environment'
import { environmentName } from '~/app/frame/EnvironmentSwitch'
import { prefer, usePreferences } from '~/app/preferences'
import { Button } from '~/ui/Button'
import { Copyable, useCopy } from '~/ui/Copy'
import { IconButton } from '~/ui/IconButton'
import { Time } from '~/ui/Time'
import { Took } from '~/ui/Took'
import { timeOfDay } from '~/ui/time'
import { report } from '~/ui/toast'
import { isOpen, type Mark, markOfRun } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'
import { ReplayMenu } from './ReplayMenu'

interface TraceHeadProps {
  trace: Trace
  run: RunTrace | undefined
  onRun: (run: string) => void
  onBack: () => void
}

/** Whence and whither, how it stands, and what can be done about it. */
export function TraceHead({ trace, run, onRun, onBack }: TraceHeadProps) {
  const { t } = useTranslation()
  const { listFolded } = usePreferences()
  const names = useNames(trace.environment)
  const flow = names.flow(trace.flow)
  return (
    <header className="shrink-0 px-4 pt-3 pb-2">
      <div className="flex items-start gap-2">
        <span className="-ml-1.5 xl:hidden">
          <IconButton icon={ArrowLeft} label={t('back')} keys="Esc" onClick={onBack} />
        </span>
        {listFolded && (
          <span className="-ml-1.5 max-xl:hidden">
            <IconButton
              icon={PanelLeftOpen}
              label={t('list.unfold')}
              keys="["
              onClick={() => prefer({ listFolded: false })}
            />
          </span>
        )}
        <h1 className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 text-title font-semibold">
          <span className="truncate">{trace.source ? names.shown.source(trace.source) : trace.kind}</span>
          <ArrowRight size={15} strokeWidth={1.75} aria-hidden="true" className="shrink-0 text-ink-3" />
          {flow ? (
            <Link
              to="/flows/$name"
              params={{ name: flow }}
              className="truncate rounded-small hover:text-accent"
            >
              {flow}
            </Link>
          ) : (
            <span className="truncate">{names.shown.flow(trace.flow)}</span>
          )}
        </h1>
        <Actions trace={trace} run={run} onRun={onRun} />
      </div>
      <Facts trace={trace} run={run} />
    </header>
  )
}

function Facts({ trace, run }: { trace: Trace; run: RunTrace | undefined }) {
  const { t, i18n } = useTranslation()
  const word = useWord()
  const status = trace.filtered ? 'filtered' : (run?.status ?? 'queued')
  const mark: Mark = trace.filtered ? 'filtered' : markOfRun(status)
  const began = run && run.cause !== 'original' ? run.created_at : trace.received_at
  return (
    <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-0.5 text-small text-ink-2">
      <span className="inline-flex items-center gap-1.5 font-medium text-ink">
        <MarkIcon mark={mark} />
        {word(status)}
      </span>
      <span className="tabular">
        {timeOfDay(Date.parse(began), i18n.language)} · <Time at={began} />
      </span>
      {run?.finished_at && (
        <span>
          {t('trace.took')}{' '}
          <Took ms={Math.max(Date.parse(run.finished_at) - Date.parse(run.created_at), 0)} />
        </span>
      )}
      {run && (
        <span>{run.version === 0 ? t('flows.draft') : t('trace.version', { number: run.version })}</span>
      )}
      {run && run.environment !== trace.environment && (
        <span>{t('trace.elsewhere', { environment: environmentName(t, run.environment) })}</span>
      )}
      <Copyable text={trace.id} what={t('trace.eventId')} />
    </div>
  )
}

function Actions({ trace, run, onRun }: Omit<TraceHeadProps, 'onBack'>) {
  const { t } = useTranslation()
  const [copied, copy] = useCopy()
  return (
    <div className="flex shrink-0 items-center gap-1.5">
      <IconButton
        icon={Link2}
        label={copied ? t('copy.done') : t('copy.what', { what: t('trace.statusUrl') })}
        onClick={() => copy(trace.status_url)}
      />
      {run && isOpen(markOfRun(run.status)) && <Cancel run={run.id} />}
      <ReplayMenu
        trace={trace}
        onReplayed={(started) => {
          // The page shows it.
          onRun(started)
          return undefined
        }}
      />
    </div>
  )
}

function Cancel({ run }: { run: string }) {
  const { t } = useTranslation()
  const cancel = useCancelRun()
  return (
    <Button busy={cancel.isPending} onClick={() => void report(cancel.mutateAsync(run))}>
      <Square size={13} aria-hidden="true" />
      {t('trace.cancel')}
    </Button>
  )
}
