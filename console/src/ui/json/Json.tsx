import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { tell } from '../toast'
import { ENTRIES, expressionOf, isBranch, type JsonRow, type JsonView, pathKey, rowsOf, sizeOf } from './rows'

interface JsonProps {
  value: unknown
  /** What it is, for those who cannot see it. */
  label: string
  /** How an expression names the whole: then `c` copies the expression for a line. */
  root?: string | undefined
}

/** A JSON value as a tree: arrows move, open and close; `c` copies the expression or the value. */
export function Json({ value, label, root }: JsonProps) {
  const [view, setView] = useState<JsonView>({ toggled: new Set(), shown: new Map() })
  const [current, setCurrent] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const { t } = useTranslation()
  const rows = useMemo(() => rowsOf(value, view), [value, view])
  const focused = Math.min(current, rows.length - 1)

  const toggle = (row: JsonRow) => setView((before) => toggled(before, row))
  const move = (place: number) => {
    const bounded = Math.max(0, Math.min(rows.length - 1, place))
    setCurrent(bounded)
    list.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[bounded]?.focus()
  }
  const copy = (row: JsonRow) => {
    const text = root ? `{{ ${expressionOf(root, row.path)} }}` : plain(row.value)
    void navigator.clipboard
      ?.writeText(text)
      .then(() => tell({ text: t('copy.copied', { text: text.slice(0, 80) }) }))
  }
  const onKeyDown = (event: KeyboardEvent, place: number) => {
    const row = rows[place]
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return
    const action = keyAction(event.key, row, rows, place, { move, toggle, copy })
    if (!action) return
    event.preventDefault()
    event.stopPropagation()
    action()
  }

  if (rows.length === 0)
    return <p className="font-mono text-small text-ink-3">{Array.isArray(value) ? '[ ]' : '{ }'}</p>
  return (
    <div ref={list} role="tree" aria-label={label} className="font-mono text-small leading-5">
      {rows.map((row, place) => (
        <Line
          key={pathKey(row.path) + (row.more ? '+' : '')}
          row={row}
          tabbable={place === focused}
          onFocus={() => setCurrent(place)}
          onToggle={() => toggle(row)}
          onKeyDown={(event) => onKeyDown(event, place)}
        />
      ))}
    </div>
  )
}

interface Actions {
  move: (place: number) => void
  toggle: (row: JsonRow) => void
  copy: (row: JsonRow) => void
}

function keyAction(key: string, row: JsonRow, rows: JsonRow[], place: number, act: Actions) {
  switch (key) {
    case 'ArrowDown':
      return () => act.move(place + 1)
    case 'ArrowUp':
      return () => act.move(place - 1)
    case 'Home':
      return () => act.move(0)
    case 'End':
      return () => act.move(rows.length - 1)
    case 'Enter':
    case ' ':
      return row.expandable || row.more ? () => act.toggle(row) : undefined
    case 'ArrowRight':
      return () => (row.expandable && !row.open ? act.toggle(row) : act.move(place + 1))
    case 'ArrowLeft':
      return () => (row.expandable && row.open ? act.toggle(row) : act.move(parentOf(rows, place)))
    case 'c':
      return () => act.copy(row)
    default:
      return undefined
  }
}

function parentOf(rows: JsonRow[], place: number): number {
  const depth = rows[place]?.depth ?? 0
  for (let above = place - 1; above >= 0; above--) if ((rows[above]?.depth ?? 0) < depth) return above
  return 0
}

function toggled(view: JsonView, row: JsonRow): JsonView {
  const key = pathKey(row.path)
  if (row.more)
    return { ...view, shown: new Map(view.shown).set(key, (view.shown.get(key) ?? ENTRIES) + ENTRIES * 5) }
  const changed = new Set(view.toggled)
  if (!changed.delete(key)) changed.add(key)
  return { ...view, toggled: changed }
}

interface LineProps {
  row: JsonRow
  tabbable: boolean
  onFocus: () => void
  onToggle: () => void
  onKeyDown: (event: KeyboardEvent) => void
}

function Line({ row, tabbable, onFocus, onToggle, onKeyDown }: LineProps) {
  const { t } = useTranslation()
  const key = row.path.at(-1)
  return (
    <div
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.expandable ? row.open : undefined}
      tabIndex={tabbable ? 0 : -1}
      onFocus={onFocus}
      onClick={row.expandable || row.more ? onToggle : undefined}
      onKeyDown={onKeyDown}
      className="flex gap-1 rounded-small px-1 outline-offset-[-2px] hover:bg-hover"
      style={{ paddingInlineStart: 4 + row.depth * 16 }}
    >
      <span aria-hidden="true" className="w-3 shrink-0 text-center text-ink-3 select-none">
        {row.expandable && (row.open ? '▾' : '▸')}
      </span>
      {row.more ? (
        <span className="text-accent">{t('json.more', { count: row.more })}</span>
      ) : (
        <span className="min-w-0 flex-1">
          {key !== undefined && (
            <span className={typeof key === 'number' ? 'text-ink-3' : 'text-code-key'}>
              {key}
              <span className="text-ink-3">: </span>
            </span>
          )}
          <Value row={row} />
        </span>
      )}
    </div>
  )
}

function Value({ row }: { row: JsonRow }) {
  const { value } = row
  if (isBranch(value)) {
    const [left, right] = Array.isArray(value) ? '[]' : '{}'
    if (row.open) return <span className="text-ink-3">{left}</span>
    return (
      <span className="text-ink-3">
        {left} {sizeOf(value) > 0 ? `${sizeOf(value)} ` : ''}
        {right}
      </span>
    )
  }
  if (typeof value === 'string') {
    const folded = row.expandable && !row.open
    return (
      <span className={`text-code-text whitespace-pre-wrap break-words ${folded ? 'line-clamp-6' : ''}`}>
        {value === '' ? '""' : value}
      </span>
    )
  }
  if (typeof value === 'number') return <span className="tabular text-code-number">{String(value)}</span>
  return <span className="text-code-word">{String(value)}</span>
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
