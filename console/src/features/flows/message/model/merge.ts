import { isRecord, type Path } from '~/ui/form/value'
import { type Change, changedBy } from './draft'
import { readText } from './edit'

/** What changed from one value to another, as changes of a text that says the first. */
export function changesBetween(before: unknown, after: unknown, path: Path): Change[] {
  if (same(before, after)) return []
  if (!isRecord(before) || !isRecord(after)) return [{ do: 'set', path, value: after }]
  const gone = Object.keys(before).filter((key) => !(key in after))
  return [
    ...gone.map((key): Change => ({ do: 'remove', path: [...path, key] })),
    ...Object.entries(after).flatMap(([key, value]) => changesBetween(before[key], value, [...path, key])),
  ]
}

/** Their text with what was changed here; where both changed the same value, this side's stands. */
export function merged(base: string, mine: string, theirs: string): string {
  const [from, to, there] = [base, mine, theirs].map((text) => readText(text).doc.toJS() as unknown)
  const wanted = changesBetween(from, to, []).filter(
    // What is gone there already need not be taken out.
    (change) => change.do !== 'remove' || has(there, change.path),
  )
  return changedBy(theirs, wanted)
}

/** The parts of a flow that differ: its steps by their names, and its other keys. */
export function partsChanged(before: string, after: string): string[] {
  const [one, other] = [before, after].map(parts)
  const names = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})])
  return [...names].filter((name) => !same(one?.[name], other?.[name]))
}

function parts(text: string): Record<string, unknown> {
  const flow: unknown = readText(text).doc.toJS()
  const { nodes, ...rest } = isRecord(flow) ? flow : {}
  return { ...rest, ...(isRecord(nodes) ? nodes : {}) }
}

function has(value: unknown, path: Path): boolean {
  const [key, ...rest] = path
  if (key === undefined) return true
  return isRecord(value) && key in value && has(value[key], rest)
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
