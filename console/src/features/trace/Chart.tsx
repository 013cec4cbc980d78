import { MARK_COLOUR } from '../thread/Shape'
import type { Bar, Row } from './rows'
import type { Scale } from './scale'

/** When a row's tries took place, on the common axis. */
export function Chart({ row, scale }: { row: Row; scale: Scale }) {
  const slim = row.station.kind === 'run' || row.station.kind === 'delivery'
  return (
    <div className="relative h-full" aria-hidden="true">
      {row.bars.map((bar) => (
        <Stretch key={`${bar.start}-${bar.end}-${bar.wait}`} bar={bar} scale={scale} slim={slim} />
      ))}
    </div>
  )
}

function Stretch({ bar, scale, slim }: { bar: Bar; scale: Scale; slim: boolean }) {
  const left = scale.x(bar.start)
  const right = scale.x(bar.end)
  // A try that took no visible time is still seen, and never beyond the right edge.
  const style = { left: `min(${left * 100}%, 100% - 3px)`, width: `max(3px, ${(right - left) * 100}%)` }
  if (bar.wait) {
    return (
      <span
        className="absolute top-1/2 border-t border-dashed"
        style={{ ...style, borderColor: MARK_COLOUR[bar.mark], opacity: 0.8 }}
      />
    )
  }
  const shape = slim ? 'h-[3px] rounded-full' : 'h-2.5 rounded-[2px]'
  return (
    <span
      className={`absolute top-1/2 -translate-y-1/2 ${shape}`}
      style={{ ...style, backgroundColor: MARK_COLOUR[bar.mark] }}
    />
  )
}
