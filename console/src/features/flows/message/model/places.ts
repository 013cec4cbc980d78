import {
  type CST,
  type Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Path } from '~/ui/form/value'

/** Where something stands in a text: from its first sign to behind its last. */
export interface Span {
  from: number
  to: number
}

export type Collection = YAMLMap | YAMLSeq

/** The collection at a path; nothing where another value or none stands. */
export function collectionAt(doc: Document, path: Path): Collection | undefined {
  const found = path.length === 0 ? doc.contents : doc.getIn(path, true)
  return isCollection(found) ? (found as Collection) : undefined
}

/** Whether a collection is written in braces or brackets. */
export const isFlow = (of: Collection) => of.flow === true || of.srcToken?.type === 'flow-collection'

/** The place of a key or an index among the entries; -1 where it has none. */
export function entryAt(of: Collection, key: string | number): number {
  if (isSeq(of)) return typeof key === 'number' && key < of.items.length ? key : -1
  return of.items.findIndex((pair) => keyOf(pair) === key)
}

/** A pair's key as expressions and messages name it. */
export function keyOf(pair: unknown): string | undefined {
  if (!isPair(pair)) return undefined
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}

/** The value of an entry. */
export function valueNode(of: Collection, place: number): Node | undefined {
  const item = isMap(of) ? (of.items[place] as Pair | undefined)?.value : of.items[place]
  return isNode(item) ? item : undefined
}

/** An entry from its key or dash to the end of its value, without what is written behind that. */
export function entrySpan(text: string, of: Collection, place: number): Span | undefined {
  const from = entryStart(of, place)
  if (from === undefined) return undefined
  const value = valueNode(of, place)
  const key = isMap(of) ? (of.items[place] as Pair | undefined)?.key : undefined
  // A value that is left out stands nowhere, or behind comments that are not its own.
  const end =
    (value?.range && !isLeftOut(value) && value.range[1]) || colonAt(of, place) || spanEnd(key) || from
  return { from, to: Math.max(from, trimmed(text, end)) }
}

/** Whether nothing is written for a value. */
export function isLeftOut(value: Node): boolean {
  return isScalar(value) && value.value === null && value.source === '' && !value.anchor && !value.tag
}

/** Behind an entry's colon, or behind its dash. */
export function colonAt(of: Collection, place: number): number | undefined {
  const token = itemToken(of, place)
  const isMark = ({ type }: CST.SourceToken) => type === 'map-value-ind' || type === 'seq-item-ind'
  const mark = [...(token?.sep ?? []), ...(isSeq(of) ? (token?.start ?? []) : [])].find(isMark)
  return mark && mark.offset + 1
}

/** The comment on the line of an entry's colon, before its value. */
export function commentBehindColon(of: Collection, place: number): string | undefined {
  const sep = itemToken(of, place)?.sep ?? []
  const end = sep.findIndex(({ type }) => type === 'newline')
  return sep.slice(0, end < 0 ? sep.length : end).find(({ type }) => type === 'comment')?.source
}

/** In which column a place of the text is. */
export function columnOf(text: string, place: number): number {
  return place - (text.lastIndexOf('\n', place - 1) + 1)
}

/** The end of the line that a place is on, before its line break. */
export function lineEnd(text: string, place: number): number {
  const end = text.indexOf('\n', place)
  if (end < 0) return text.length
  return text[end - 1] === '\r' ? end - 1 : end
}

function entryStart(of: Collection, place: number): number | undefined {
  if (isMap(of)) {
    const key = (of.items[place] as Pair | undefined)?.key
    return isNode(key) ? key.range?.[0] : undefined
  }
  const dash = isFlow(of) ? undefined : colonAt(of, place)
  return dash === undefined ? valueNode(of, place)?.range?.[0] : dash - 1
}

function itemToken(of: Collection, place: number): CST.CollectionItem | undefined {
  const token = of.srcToken
  if (!token || !('items' in token)) return undefined
  const start = (of.items[place] as { srcToken?: CST.CollectionItem } | undefined)?.srcToken
  if (isMap(of) && start && 'key' in start) return start
  const entries = (token.items as CST.CollectionItem[]).filter(
    (item) => item.value || item.key || item.start.some(({ type }) => type === 'seq-item-ind'),
  )
  return entries[place]
}

function spanEnd(key: unknown): number | undefined {
  return isNode(key) ? key.range?.[1] : undefined
}

/** A place without the blanks and line breaks before it. */
function trimmed(text: string, place: number): number {
  return text.slice(0, place).trimEnd().length
}
