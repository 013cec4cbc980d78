import { type Document, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import { isRecord, type Path } from '~/ui/form/value'
import {
  type Collection,
  collectionAt,
  colonAt,
  columnOf,
  commentBehindColon,
  entryAt,
  entrySpan,
  isFlow,
  isLeftOut,
  lineEnd,
  type Span,
  valueNode,
} from './places'
import { behindColon, flowText, itemText, keyText, pairText } from './text'

/** A change of a text: what stands there gives way. */
export interface Splice extends Span {
  text: string
}

/** A text that is changed, as it was read. */
export interface Source {
  text: string
  doc: Document
  eol: string
}

/** Reads a text so that it can be changed where it stands. */
export function readText(text: string): Source {
  return {
    text,
    doc: parseDocument(text, { keepSourceTokens: true }),
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  }
}

/** Sets what stands at a path, or adds it at the end of what is around it. */
export function setting(source: Source, path: Path, value: unknown): Splice | undefined {
  const [around, key] = split(path)
  const of = key === undefined ? undefined : collectionAt(source.doc, around)
  if (!of || key === undefined) return undefined
  const place = entryAt(of, key)
  if (place >= 0) return replacing(source, of, place, value)
  return adding(source, of, key, value)
}

/** Takes out what stands at a path; what is around it stays, though it may be empty. */
export function removing(source: Source, path: Path): Splice | undefined {
  const [around, key] = split(path)
  const of = key === undefined ? undefined : collectionAt(source.doc, around)
  if (!of || key === undefined) return undefined
  const place = entryAt(of, key)
  const own = entrySpan(source.text, of, place)
  if (!own) return undefined
  if (of.items.length === 1) return emptied(source, of, around)
  const [before, next] = [entrySpan(source.text, of, place - 1), entrySpan(source.text, of, place + 1)]
  if (isFlow(of)) {
    if (next) return { from: own.from, to: next.from, text: '' }
    return before && { from: before.to, to: own.to, text: '' }
  }
  const start = own.from - columnOf(source.text, own.from)
  // Behind a dash there is no line of its own to take out.
  if (source.text.slice(start, own.from).trim() !== '')
    return next && { from: own.from, to: next.from, text: '' }
  const end = lineEnd(source.text, own.to)
  return { from: start, to: Math.min(source.text.length, end + source.eol.length), text: '' }
}

/** Gives a key another name. */
export function renaming({ text, doc }: Source, path: Path, name: string): Splice | undefined {
  const [around, key] = split(path)
  const of = collectionAt(doc, around)
  if (!isMap(of) || key === undefined) return undefined
  const own = of.items[entryAt(of, key)]?.key as Node | undefined
  const range = own?.range
  return range ? { from: range[0], to: trimmedEnd(text, range), text: keyText(name, isFlow(of)) } : undefined
}

/** Exchanges an entry with the one after it; comments between them stay where they are. */
export function swapping({ text, doc }: Source, around: Path, place: number): Splice | undefined {
  const of = collectionAt(doc, around)
  const [one, other] = of ? [entrySpan(text, of, place), entrySpan(text, of, place + 1)] : []
  if (!of || !one || !other) return undefined
  const whole = ({ from, to }: Span) => (isFlow(of) ? { from, to } : { from, to: lineEnd(text, to) })
  const [first, second] = [whole(one), whole(other)]
  const part = ({ from, to }: Span) => text.slice(from, to)
  const between = text.slice(first.to, second.from)
  return { from: first.from, to: second.to, text: part(second) + between + part(first) }
}

function replacing(source: Source, of: Collection, place: number, value: unknown): Splice | undefined {
  const own = valueNode(of, place)
  const span = entrySpan(source.text, of, place)
  const colon = colonAt(of, place)
  if (!own?.range || !span) return undefined
  if (!isFlow(of))
    return colon === undefined ? undefined : replacingLines(source, { of, place, own, span, colon }, value)
  if (!isLeftOut(own)) return { from: own.range[0], to: span.to, text: flowText(value) }
  return colon === undefined ? undefined : { from: colon, to: colon, text: ` ${flowText(value)}` }
}

/** An entry that has lines of its own. */
interface Entry {
  of: Collection
  place: number
  own: Node
  span: Span
  /** Behind its colon or its dash. */
  colon: number
}

function replacingLines({ text, eol }: Source, entry: Entry, value: unknown): Splice {
  const { of, place, own, span, colon } = entry
  const from = own.range?.[0] ?? colon
  const end = lineEnd(text, span.to)
  const behind = text.slice(span.to, end).trim()
  const inLine = isScalar(own) && !isLeftOut(own) && !/[|>]/.test(text[from] ?? '')
  // What follows on the line, a comment, would become part of a text that is written as a block.
  if (inLine && (isPlain(value) || (behind && typeof value === 'string')))
    return { from, to: span.to, text: flowText(value) }
  const indent = columnOf(text, span.from)
  const comment = inLine ? behind : isLeftOut(own) ? undefined : commentBehindColon(of, place)
  const written = isSeq(of) ? itemText(value, indent, eol).slice(1) : behindColon(value, indent, eol)
  return {
    from: colon,
    to: inLine ? end : span.to,
    text: comment ? withComment(written, comment, value) : written,
  }
}

/** A comment that stood behind the colon stays on that line. */
function withComment(written: string, comment: string, value: unknown): string {
  const [first = '', ...rest] = written.split('\n')
  if (typeof value === 'string' && rest.length > 0) return ` ${flowText(value)} ${comment}`
  return [`${first} ${comment}`, ...rest].join('\n')
}

function adding(
  { text, eol }: Source,
  of: Collection,
  key: string | number,
  value: unknown,
): Splice | undefined {
  const last = entrySpan(text, of, of.items.length - 1)
  const entry = isSeq(of) ? flowText(value) : `${keyText(String(key), true)}: ${flowText(value)}`
  if (isFlow(of)) {
    if (last) return { from: last.to, to: last.to, text: `, ${entry}` }
    const [from, to] = of.range ?? [0, 0]
    return { from, to, text: isSeq(of) ? `[${entry}]` : `{ ${entry} }` }
  }
  if (!last) return undefined
  const indent = columnOf(text, last.from)
  const line = isSeq(of) ? itemText(value, indent, eol) : pairText(String(key), value, indent, eol)
  const end = lineEnd(text, last.to)
  return { from: end, to: end, text: eol + ' '.repeat(indent) + line }
}

/** A collection without its last entry is written in braces or brackets. */
function emptied(source: Source, of: Collection, around: Path): Splice | undefined {
  const empty = isSeq(of) ? [] : {}
  const [outer, key] = split(around)
  const holder = key === undefined ? undefined : collectionAt(source.doc, outer)
  if (!holder || key === undefined) return undefined
  return replacing(source, holder, entryAt(holder, key), empty)
}

/** Whether a value is written on one line. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\n')
  if (Array.isArray(value)) return value.length === 0
  return !isRecord(value) || Object.keys(value).length === 0
}

function trimmedEnd(text: string, [from, to]: readonly number[]): number {
  return text.slice(0, to).trimEnd().length || (from ?? 0)
}

function split(path: Path): [Path, string | number | undefined] {
  return [path.slice(0, -1), path.at(-1)]
}
