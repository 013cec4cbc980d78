import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunTrace, Trace } from '~/api/queries'
import { useNow } from '~/ui/time'
import { isOpen, markOfDelivery, markOfRun } from '../thread/mark'
import { Failed } from './Failed'
import { Inspector } from './Inspector'
import { RunSwitch } from './RunSwitch'
import type { Failure } from './records'
import { type Row, threadOf } from './rows'
import { scaleOf } from './scale'
import { TraceHead } from './TraceHead'
import { Waterfall } from './Waterfall'

/** While something is under way the waterfall grows. */
const GROWS_MS = 250

interface TraceViewProps {
  trace: Trace
  /** The run that is shown; the original one when it is not said. */
  runId: string | undefined
  /** The station that is shown; the one that matters most when it is not said. */
  at: string | undefined
  onRun: (run: string) => void
  onStation: (at: string) => void
  onBack: () => void
}

/** What became of an event: the thread from its request to the last attempt, and what each part did. */
export function TraceView({ trace, runId, at, onRun, onStation, onBack }: TraceViewProps) {
  const { t } = useTranslation()
  const run = trace.runs.find(({ id }) => id === runId) ?? trace.runs[0]
  const { rows, scale } = useThread(trace, run)
  const row = rows.find(({ key }) => key === at) ?? telling(rows, run)
  const failure = run?.error as Failure | null | undefined
  return (
    <article aria-label={t('trace.label')} className="@container flex h-full flex-col">
      <TraceHead trace={trace} run={run} onRun={onRun} onBack={onBack} />
      {trace.runs.length > 1 && <RunSwitch runs={trace.runs} shown={run?.id} onChoose={onRun} />}
      {failure && row?.key !== 'run' && row?.key !== `step.${failure.step}` && (
        <Failed failure={failure} onStep={(step) => onStation(`step.${step}`)} />
      )}
      <div className="thin-scroll max-h-[52%] shrink-0 overflow-y-auto border-b border-line">
        <Waterfall rows={rows} scale={scale} selected={row?.key ?? ''} onSelect={onStation} />
      </div>
      <section
        aria-label={t('trace.inspector')}
        className="thin-scroll flex min-h-0 flex-1 flex-col overflow-y-auto bg-sunken"
      >
        {row && <Inspector key={`${run?.id}/${row.key}`} trace={trace} run={run} row={row} />}
      </section>
    </article>
  )
}

/** The rows of a run and the axis they lie on; both grow while something is under way. */
function useThread(trace: Trace, run: RunTrace | undefined) {
  const open =
    run !== undefined &&
    (isOpen(markOfRun(run.status)) || run.deliveries.some(({ state }) => isOpen(markOfDelivery(state, 0))))
  const tick = useNow(open ? GROWS_MS : Number.POSITIVE_INFINITY)
  const now = open ? tick : 0
  return useMemo(() => {
    const { rows } = threadOf(trace, run, now || Date.parse(trace.received_at))
    const busy = rows.flatMap(({ bars }) => bars.filter(({ wait }) => !wait))
    return { rows, scale: scaleOf(busy) }
  }, [trace, run, now])
}

/** The station that tells most: where it failed, else the run with what it made. */
function telling(rows: Row[], run: RunTrace | undefined): Row | undefined {
  const step = (run?.error as Failure | null | undefined)?.step
  const wanted = step ? `step.${step}` : 'run'
  return (
    rows.find(({ key }) => key === wanted) ??
    rows.find(({ station, mark }) => station.kind === 'delivery' && mark === 'dead') ??
    rows.at(-1)
  )
}
