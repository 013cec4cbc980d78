/** A line of a JSON value as it is shown. */
export interface JsonRow {
  /** Where it is: keys and indices from the root. */
  path: readonly (string | number)[]
  /** From 0 for the root's own entries. */
  depth: number
  value: unknown
  /** Whether it can be opened and closed. */
  expandable: boolean
  open: boolean
  /** Entries left out beneath the one before, to be shown on demand. */
  more?: number
}

/** Texts longer than this are folded. */
const LONG_TEXT = 420
const LONG_LINES = 8

/** Entries shown at once of one object or array. */
export const ENTRIES = 100

/** Objects and arrays are open down to this depth at first. */
const OPEN_DEPTH = 2

export interface JsonView {
  /** Rows whose state differs from the first one, by `pathKey`. */
  toggled: ReadonlySet<string>
  /** How many entries are shown, by `pathKey`, where it is more than at first. */
  shown: ReadonlyMap<string, number>
}

export function pathKey(path: JsonRow['path']): string {
  return JSON.stringify(path)
}

/** The lines that are visible. */
export function rowsOf(value: unknown, view: JsonView): JsonRow[] {
  const rows: JsonRow[] = []
  if (isBranch(value)) entries(value, [], rows, view)
  else rows.push(row(value, [], view))
  return rows
}

function entries(branch: object, path: JsonRow['path'], rows: JsonRow[], view: JsonView) {
  const all: [string | number, unknown][] = Array.isArray(branch)
    ? branch.map((item, index) => [index, item])
    : Object.entries(branch)
  const limit = view.shown.get(pathKey(path)) ?? ENTRIES
  for (const [key, value] of all.slice(0, limit)) {
    const made = row(value, [...path, key], view)
    rows.push(made)
    if (made.open && isBranch(value)) entries(value, made.path, rows, view)
  }
  if (all.length > limit) {
    rows.push({
      path,
      depth: path.length,
      value: undefined,
      expandable: false,
      open: false,
      more: all.length - limit,
    })
  }
}

function row(value: unknown, path: JsonRow['path'], view: JsonView): JsonRow {
  const depth = Math.max(0, path.length - 1)
  const branch = isBranch(value)
  const expandable = branch ? sizeOf(value) > 0 : isLong(value)
  const atFirst = branch && depth < OPEN_DEPTH
  const open = expandable && atFirst !== view.toggled.has(pathKey(path))
  return { path, depth, value, expandable, open }
}

export function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

export function sizeOf(branch: object): number {
  return Array.isArray(branch) ? branch.length : Object.keys(branch).length
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && (value.length > LONG_TEXT || value.split('\n').length > LONG_LINES)
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** How an expression names what lies at a path: `nodes.answer.text`, `input.items[0]["a b"]`. */
export function expressionOf(root: string, path: JsonRow['path']): string {
  const steps = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`
    return PLAIN_NAME.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  })
  return root + steps.join('')
}
