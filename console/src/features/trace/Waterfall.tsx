import { type KeyboardEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Due } from '~/ui/Time'
import { Took } from '~/ui/Took'
import { CLEAR, Shape } from '../thread/Shape'
import { Chart } from './Chart'
import { Ruler } from './Ruler'
import type { Row } from './rows'
import type { Scale } from './scale'
import { useRowWords } from './words'

/** Gutter, words, chart, length. */
export const WATERFALL_GRID =
  'grid grid-cols-[44px_minmax(112px,210px)_minmax(0,1fr)_68px] @max-xl:grid-cols-[44px_minmax(0,1fr)_minmax(0,1fr)_60px]'

interface WaterfallProps {
  rows: Row[]
  scale: Scale
  selected: string
  onSelect: (key: string) => void
}

/** The whole thread, and when each part of it took place. Arrows move along it. */
export function Waterfall({ rows, scale, selected, onSelect }: WaterfallProps) {
  const { t } = useTranslation()
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const place = rows.findIndex((row) => row.key === selected)
    const next = by ? rows[place + by] : { Home: rows[0], End: rows.at(-1) }[event.key]
    if (!next) return
    event.preventDefault()
    onSelect(next.key)
    list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next.key)}"]`)?.focus()
  }
  return (
    <div className="relative">
      <Ruler scale={scale} />
      <div
        ref={list}
        role="listbox"
        aria-label={t('trace.waterfall')}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="py-1"
      >
        {rows.map((row, place) => (
          <Line
            key={row.key}
            row={row}
            below={rows.slice(place + 1)}
            first={place === 0}
            scale={scale}
            selected={row.key === selected}
            onSelect={() => onSelect(row.key)}
          />
        ))}
      </div>
    </div>
  )
}

interface LineProps {
  row: Row
  below: Row[]
  first: boolean
  scale: Scale
  selected: boolean
  onSelect: () => void
}

function Line({ row, below, first, scale, selected, onSelect }: LineProps) {
  const words = useRowWords()
  const dim = row.mark === 'skipped' || row.mark === 'pending'
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list's arrows choose
    <div
      role="option"
      aria-selected={selected}
      data-key={row.key}
      tabIndex={selected ? 0 : -1}
      onClick={onSelect}
      className={`${WATERFALL_GRID} h-6 items-center pr-4 outline-offset-[-2px] hover:bg-hover aria-selected:bg-selected`}
    >
      <Gutter row={row} first={first} below={below} />
      <div className={`flex min-w-0 items-baseline gap-2 pr-3 ${dim ? 'text-ink-3' : ''}`}>
        <span
          className={`truncate ${row.station.kind === 'attempt' ? 'text-small text-ink-2' : 'text-table'}`}
        >
          {words.title(row)}
        </span>
        <span className="truncate text-small text-ink-3">{words.detail(row)}</span>
        <span className="sr-only">{words.state(row)}</span>
      </div>
      <Chart row={row} scale={scale} />
      <div className="tabular truncate text-right text-small text-ink-2">
        {row.dueAt ? (
          <Due at={row.dueAt} />
        ) : row.tookMs !== undefined ? (
          <Took ms={row.tookMs} />
        ) : (
          <span className="text-ink-3">{dim ? words.state(row) : ''}</span>
        )}
      </div>
    </div>
  )
}

const HEIGHT = 24
const MIDDLE = HEIGHT / 2
const [MAIN, BRANCH] = [15, 31]

/** The thread beside the words: a line from mark to mark, from which deliveries branch off. */
function Gutter({ row, first, below }: { row: Row; first: boolean; below: Row[] }) {
  return (
    <svg
      width={44}
      height={HEIGHT}
      aria-hidden="true"
      className="block"
      fill="none"
      stroke="var(--thread)"
      strokeWidth={1.25}
    >
      <path d={row.lane === 0 ? onThread(row, first, below) : offThread(row, below)} />
      <Shape mark={row.mark} x={row.lane === 0 ? MAIN : BRANCH} y={MIDDLE} scale={scaleOfMark(row)} />
    </svg>
  )
}

function scaleOfMark(row: Row): number {
  return row.station.kind === 'attempt' ? 0.8 : 1
}

/** The line through a station of the thread itself. */
function onThread(row: Row, first: boolean, below: Row[]): string {
  // A skipped step is a dash across the line, which goes on behind it.
  const clear = row.mark === 'skipped' ? 0 : CLEAR
  const above = first ? '' : `M${MAIN} 0 V${MIDDLE - clear}`
  const leads = below.length > 0
  return leads ? `${above} M${MAIN} ${MIDDLE + clear} V${HEIGHT}` : above
}

/** The line to what hangs on the thread, and the thread going by. */
function offThread(row: Row, below: Row[]): string {
  const lines: string[] = []
  const passes = below.some((next) => next.lane === 0 || next.station.kind === 'delivery')
  if (passes) lines.push(`M${MAIN} 0 V${HEIGHT}`)
  const clear = CLEAR * scaleOfMark(row)
  if (row.station.kind === 'delivery')
    lines.push(`M${MAIN} 0 C${MAIN} ${MIDDLE} ${MAIN + 2} ${MIDDLE} ${BRANCH - clear} ${MIDDLE}`)
  else lines.push(`M${BRANCH} 0 V${MIDDLE - clear}`)
  if (below[0]?.station.kind === 'attempt') lines.push(`M${BRANCH} ${MIDDLE + clear} V${HEIGHT}`)
  return lines.join(' ')
}
