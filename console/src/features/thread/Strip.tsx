import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { RunTrace, Trace } from '~/api/queries'
import { type Mark, markOfDelivery, markOfRun, markOfStep } from './mark'
import { CLEAR, MarkIcon, Shape } from './Shape'
import { useWord } from './words'

interface StripProps {
  trace: Trace
  run: RunTrace
  /** The delivery that the page is about. */
  here?: string
  flow: string | undefined
  source: string | undefined
}

/** The thread as a strip at the head of a page: request, steps, deliveries; each part leads to its place. */
export function Strip({ trace, run, here, flow, source }: StripProps) {
  const { t } = useTranslation()
  const word = useWord()
  return (
    <nav
      aria-label={t('thread.label')}
      className="thin-scroll flex items-center overflow-x-auto py-1 text-small"
    >
      <Stop
        trace={trace}
        run={run}
        at="request"
        mark="accepted"
        label={`${t('trace.request')}${source ? `: ${source}` : ''}`}
      >
        {source ?? t('trace.request')}
      </Stop>
      <Rule />
      <Stop
        trace={trace}
        run={run}
        at="run"
        mark={markOfRun(run.status)}
        label={`${flow ?? t('trace.run')}: ${word(run.status)}`}
      >
        {flow ?? t('trace.run')}
      </Stop>
      <Steps marks={run.steps.map((step) => markOfStep(step.state))} />
      {run.deliveries.map((delivery) => (
        <Stop
          key={delivery.id}
          trace={trace}
          run={run}
          at={`delivery.${delivery.id}`}
          mark={markOfDelivery(delivery.state, delivery.attempts.length)}
          label={`${delivery.destination}: ${word(delivery.state)}`}
          current={delivery.id === here}
        >
          {delivery.destination}
        </Stop>
      ))}
    </nav>
  )
}

interface StopProps {
  trace: Trace
  run: RunTrace
  at: string
  mark: Mark
  label: string
  current?: boolean
  children: React.ReactNode
}

function Stop({ trace, run, at, mark, label, current = false, children }: StopProps) {
  return (
    <Link
      to="/events/$event"
      params={{ event: trace.id }}
      search={{ run: run.id, at }}
      aria-label={label}
      aria-current={current ? 'step' : undefined}
      className="flex h-6 shrink-0 items-center gap-1.5 rounded-full border border-transparent px-2 whitespace-nowrap text-ink-2 outline-offset-[-2px] hover:bg-hover hover:text-ink aria-[current=step]:border-line-strong aria-[current=step]:bg-raised aria-[current=step]:text-ink"
    >
      <MarkIcon mark={mark} size={12} />
      {children}
    </Link>
  )
}

function Rule() {
  return <span aria-hidden="true" className="h-[1.25px] w-6 shrink-0 bg-thread" />
}

/** A step's size on the strip, and the distance to the next. */
const STEP = 0.62
const APART = 16

/** The steps between run and deliveries, without their names. */
function Steps({ marks }: { marks: Mark[] }) {
  const width = (marks.length + 1) * APART
  const clear = CLEAR * STEP
  return (
    <svg width={width} height={18} viewBox={`0 0 ${width} 18`} aria-hidden="true" className="shrink-0">
      {[...marks, undefined].map((mark, place) => {
        const x = (place + 1) * APART
        const from = x - APART + (place === 0 ? 0 : clear)
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a run keep their order
          <g key={place}>
            <path d={`M${from} 9 H${x - (mark ? clear : 0)}`} stroke="var(--thread)" strokeWidth={1.25} />
            {mark && <Shape mark={mark} x={x} y={9} scale={STEP} />}
          </g>
        )
      })}
    </svg>
  )
}
