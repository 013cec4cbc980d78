import { stringify } from 'yaml'
import { isRecord } from '~/ui/form/value'

/** YAML as the console writes it: no folded lines, long texts as blocks. */
const BLOCK = { lineWidth: 0, blockQuote: 'literal' } as const

/** A value on one line, as it stands within braces or brackets. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (isRecord(value)) {
    const pairs = Object.entries(value).map(([key, inner]) => `${flowText(key)}: ${flowText(inner)}`)
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
  }
  if (typeof value === 'string' && value.includes('\n')) return JSON.stringify(value)
  // In a list the writer knows that it is within brackets, and quotes what would end a text there.
  return stringify([value], { lineWidth: 0, collectionStyle: 'flow' }).trim().slice(1, -1).trim()
}

/** What stands behind a key's colon: ` text` on the same line, or lines that are indented below the key. */
export function behindColon(value: unknown, indent: number, eol: string): string {
  return indented(stringify({ k: value }, BLOCK).slice(2), indent, eol)
}

/** An entry of a mapping whose keys stand in this column. */
export function pairText(key: string, value: unknown, indent: number, eol: string): string {
  return indented(stringify({ [key]: value }, BLOCK), indent, eol)
}

/** An entry of a list whose dashes stand in this column. */
export function itemText(value: unknown, indent: number, eol: string): string {
  return indented(stringify([value], BLOCK), indent, eol)
}

/** A key as it stands before its colon. */
export function keyText(key: string, inFlow: boolean): string {
  return inFlow
    ? flowText(key)
    : stringify({ [key]: 1 }, BLOCK)
        .trim()
        .replace(/: 1$/, '')
}

/** All lines but the first moved in; empty ones stay empty. */
function indented(text: string, indent: number, eol: string): string {
  const [first = '', ...rest] = text.replace(/\n$/, '').split('\n')
  return [first, ...rest.map((line) => (line === '' ? '' : ' '.repeat(indent) + line))].join(eol)
}
