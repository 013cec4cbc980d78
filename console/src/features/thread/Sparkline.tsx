import { useTranslation } from 'react-i18next'
import { isOpen, type Mark } from './mark'
import { CLEAR, Shape } from './Shape'

/** A mark on a sparkline, and how the thread comes to it. */
interface Stop {
  mark: Mark
  x: number
  scale: number
  /** The thread to it is dotted: what it stands for is still to come. */
  dotted?: boolean
}

/** Deliveries, and attempts, that a sparkline shows one by one. */
const DELIVERIES = 3
const ATTEMPTS = 5

const WIDTH = 96

interface EventSparklineProps {
  /** The API's word, for the label. */
  status: string
  run: Mark
  deliveries: Mark[]
}

/** An event's thread in a list's row: request, run, deliveries. */
export function EventSparkline({ status, run, deliveries }: EventSparklineProps) {
  const { t } = useTranslation()
  const word = t(`status.${status}` as 'status.queued', { defaultValue: status })
  const count = deliveries.length > 0 && t('thread.deliveries', { count: deliveries.length })
  const stops: Stop[] =
    run === 'filtered'
      ? [{ mark: 'filtered', x: 7, scale: 0.9 }]
      : [
          { mark: 'accepted', x: 7, scale: 0.85 },
          { mark: run, x: 30, scale: 1, dotted: isOpen(run) },
          ...deliveries
            .slice(0, DELIVERIES)
            .map((mark, place) => ({ mark, x: 53 + 16 * place, scale: 0.78, dotted: isOpen(mark) })),
        ]
  return (
    <Line
      label={[word, count].filter(Boolean).join(', ')}
      stops={stops}
      more={deliveries.length - DELIVERIES}
    />
  )
}

/** A delivery's attempts in a list's row; of many, the last. */
export function AttemptSparkline({ marks, label }: { marks: Mark[]; label: string }) {
  const stops = marks
    .slice(-ATTEMPTS)
    .map((mark, place) => ({ mark, x: 7 + 16 * place, scale: 0.85, dotted: isOpen(mark) }))
  return <Line label={label} stops={stops} more={marks.length - ATTEMPTS} />
}

function Line({ label, stops, more }: { label: string; stops: Stop[]; more: number }) {
  const last = stops.at(-1)
  return (
    <svg
      role="img"
      aria-label={label}
      width={WIDTH}
      height={18}
      viewBox={`0 0 ${WIDTH} 18`}
      className="shrink-0"
    >
      {stops.map((stop, place) => {
        const before = stops[place - 1]
        return (
          <g key={stop.x}>
            {before && (
              <path
                d={`M${before.x + CLEAR * before.scale} 9 H${stop.x - CLEAR * stop.scale}`}
                stroke="var(--thread)"
                strokeWidth={1.25}
                strokeDasharray={stop.dotted ? '1.5 2.5' : undefined}
              />
            )}
            <Shape mark={stop.mark} x={stop.x} y={9} scale={stop.scale} />
          </g>
        )
      })}
      {more > 0 && last && (
        <text x={last.x + 6} y={12.5} fontSize={9} fill="var(--ink-3)">
          +{more}
        </text>
      )}
    </svg>
  )
}
