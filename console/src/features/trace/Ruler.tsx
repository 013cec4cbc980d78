import { useTranslation } from 'react-i18next'
import { duration } from '~/ui/duration'
import type { Scale, Segment } from './scale'
import { WATERFALL_GRID } from './Waterfall'

/** The axis over the waterfall, with hairlines down through it; broken-out gaps are hatched. */
export function Ruler({ scale }: { scale: Scale }) {
  const { i18n } = useTranslation()
  return (
    <>
      <div
        className={`${WATERFALL_GRID} sticky top-0 z-10 h-6 border-b border-line bg-surface pr-4`}
        aria-hidden="true"
      >
        <div className="relative col-start-3 text-micro text-ink-3">
          {scale.ticks.map((tick) => (
            <span
              key={tick.x}
              className="tabular absolute bottom-0.5 whitespace-nowrap"
              style={{ left: `${tick.x * 100}%` }}
            >
              <span className="absolute bottom-[-2px] left-0 h-1.5 border-l border-line-strong" />
              <span className={`pl-1 ${tick.round ? '@max-xl:hidden' : ''}`}>
                {tick.since && '+'}
                {duration(tick.at, i18n.language)}
              </span>
            </span>
          ))}
          {scale.segments
            .filter(({ gap }) => gap)
            .map((segment) => (
              <GapLabel key={segment.from} segment={segment} />
            ))}
        </div>
      </div>
      <div className={`${WATERFALL_GRID} pointer-events-none absolute inset-0 top-6 pr-4`} aria-hidden="true">
        <div className="relative col-start-3">
          {scale.ticks.map((tick) => (
            <span
              key={tick.x}
              className="absolute inset-y-0 border-l border-line"
              style={{ left: `${tick.x * 100}%` }}
            />
          ))}
          {scale.segments
            .filter(({ gap }) => gap)
            .map((segment) => (
              <span key={segment.from} className="hatched absolute inset-y-0" style={across(segment)} />
            ))}
        </div>
      </div>
    </>
  )
}

function GapLabel({ segment }: { segment: Segment }) {
  const { i18n } = useTranslation()
  return (
    <span
      className="tabular absolute bottom-0.5 overflow-hidden text-center whitespace-nowrap italic @max-xl:hidden"
      style={across(segment)}
    >
      {duration(segment.to - segment.from, i18n.language)}
    </span>
  )
}

function across({ left, right }: Segment) {
  return { left: `${left * 100}%`, width: `${(right - left) * 100}%` }
}
