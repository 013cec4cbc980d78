import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useKeys } from '~/app/frame/keys'
import { Button } from '~/ui/Button'
import { Problem } from '~/ui/Problem'
import { useArrivals } from './arrivals'
import type { Loaded } from './loaded'

interface RecordListProps<Row> {
  title: string
  /** Filters, at the right of the title. */
  tools?: ReactNode
  loaded: Loaded<Row>
  /** What is shown at the right: then the list is narrow. */
  selected: string | undefined
  columns: Column<Row>[]
  /** A row of the narrow list. */
  brief: (row: Row) => ReactNode
  /** The link over a whole row. */
  link: (row: Row, className: string, label: string) => ReactNode
  /** How a row is called, for those who cannot see it. */
  name: (row: Row) => string
  open: (row: Row) => void
  close: () => void
  empty: ReactNode
  /** Between the title and the rows. */
  above?: ReactNode
}

export interface Column<Row> {
  head: string
  /** Its part of a CSS grid's columns. */
  width: string
  cell: (row: Row) => ReactNode
  /** Left out on a narrow screen. */
  wide?: boolean
  end?: boolean
}

/** A list of records, with a link over each row; narrow when one of them is shown beside it. */
export function RecordList<Row extends { id: string }>(props: RecordListProps<Row>) {
  const { loaded, selected, title, tools } = props
  const { rows } = loaded
  const Title = selected ? 'h2' : 'h1'
  const scroller = useRef<HTMLDivElement>(null)
  useListKeys(rows, props, scroller)
  return (
    <section aria-label={title} className="flex h-full flex-col">
      <div
        className={`flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-4 ${selected ? 'py-2' : 'py-3'}`}
      >
        <Title className={`font-semibold ${selected ? 'text-prose' : 'text-title'}`}>{title}</Title>
        <div className="ml-auto flex flex-wrap items-center gap-2">{tools}</div>
      </div>
      {props.above}
      <div ref={scroller} className="thin-scroll min-h-0 flex-1 overflow-y-auto">
        {loaded.pending ? (
          <Skeletons brief={selected !== undefined} />
        ) : loaded.error && rows.length === 0 ? (
          <Problem error={loaded.error} retry={loaded.again} />
        ) : rows.length === 0 ? (
          props.empty
        ) : (
          <Rows {...props} />
        )}
      </div>
    </section>
  )
}

function Rows<Row extends { id: string }>(props: RecordListProps<Row>) {
  const { t } = useTranslation()
  const { loaded, selected, columns, title } = props
  const { rows, more } = loaded
  const arrived = useArrivals(rows)
  const brief = selected !== undefined
  const grid = {
    '--columns': columns.map((column) => column.width).join(' '),
    '--narrow': narrow(columns),
  } as React.CSSProperties
  return (
    <div role="table" aria-label={title} aria-busy={loaded.fetching} style={grid}>
      {!brief && <Heads columns={columns} />}
      <div role="rowgroup">
        {rows.map((row) => (
          <div
            key={row.id}
            role="row"
            data-id={row.id}
            aria-current={row.id === selected ? 'true' : undefined}
            className={`group relative border-b border-line px-4 hover:bg-hover aria-[current=true]:bg-selected ${brief ? 'py-1.5' : GRID} ${arrived.has(row.id) ? 'arrived' : ''}`}
            style={{ contentVisibility: 'auto', containIntrinsicSize: `auto ${brief ? 53 : 33}px` }}
          >
            {brief ? (
              <div role="cell">
                {props.link(row, LINK, props.name(row))}
                {props.brief(row)}
              </div>
            ) : (
              columns.map((column, place) => (
                <div
                  key={column.head}
                  role="cell"
                  className={`min-w-0 truncate ${column.end ? 'text-right' : ''} ${column.wide ? 'max-md:hidden' : ''}`}
                >
                  {place === 0 && props.link(row, LINK, props.name(row))}
                  {column.cell(row)}
                </div>
              ))
            )}
          </div>
        ))}
      </div>
      {more && (
        <div className="flex justify-center p-3">
          <Button look="quiet" busy={more.busy} onClick={more.load}>
            {t('list.more')}
          </Button>
        </div>
      )}
    </div>
  )
}

const GRID =
  'grid h-8 items-center gap-3 [grid-template-columns:var(--narrow)] md:[grid-template-columns:var(--columns)]'
const LINK = 'absolute inset-0 rounded-none outline-offset-[-2px]'

function narrow<Row>(columns: Column<Row>[]): string {
  return columns
    .filter((column) => !column.wide)
    .map((column) => column.width)
    .join(' ')
}

function Heads<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-surface">
      <div role="row" className={`${GRID} h-7! border-b border-line px-4 text-small text-ink-3`}>
        {columns.map((column) => (
          <div
            key={column.head}
            role="columnheader"
            className={`truncate ${column.end ? 'text-right' : ''} ${column.wide ? 'max-md:hidden' : ''}`}
          >
            {column.head}
          </div>
        ))}
      </div>
    </div>
  )
}

/** `j` and `k` move from row to row: the focus in the whole list, the choice in the narrow one. */
function useListKeys<Row extends { id: string }>(
  rows: Row[],
  { selected, open, close }: RecordListProps<Row>,
  scroller: React.RefObject<HTMLDivElement | null>,
) {
  const links = () => [...(scroller.current?.querySelectorAll<HTMLElement>('[role=row] a') ?? [])]
  const move = (by: number) => {
    if (selected !== undefined) {
      const place = rows.findIndex((row) => row.id === selected)
      const next = rows[place < 0 ? 0 : place + by]
      if (next) open(next)
      return
    }
    const all = links()
    const place = all.indexOf(document.activeElement as HTMLElement)
    all[place < 0 ? 0 : Math.max(0, Math.min(all.length - 1, place + by))]?.focus()
  }
  useKeys({ j: () => move(1), k: () => move(-1), Escape: selected !== undefined ? close : undefined })
  useEffect(() => {
    if (selected === undefined) return
    scroller.current
      ?.querySelector(`[data-id="${CSS.escape(selected)}"]`)
      ?.scrollIntoView({ block: 'nearest' })
  }, [selected, scroller])
}

function Skeletons({ brief }: { brief: boolean }) {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')}>
      {[70, 52, 64, 40, 58, 46, 66, 50].map((width) => (
        <div
          key={width}
          className={`flex items-center gap-6 border-b border-line px-4 ${brief ? 'h-13' : 'h-8'}`}
        >
          <div className="skeleton h-2.5 w-20" />
          <div className="skeleton h-2.5" style={{ width: `${width * 0.5}%` }} />
        </div>
      ))}
    </div>
  )
}
