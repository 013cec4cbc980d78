import { isRecord } from '~/ui/form/value'

/** How a value of a message is given: by a variable, by an expression, or as a constant of one of JSON's types. */
export type Mode = 'variable' | 'template' | 'text' | 'number' | 'boolean' | 'null' | 'object' | 'list'

/** One name with what is below it: `nodes.answer.text`, `input["order id"][0]`. */
const REFERENCE = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:\d+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\])*$/

/** One expression from the first sign to the last; braces within its texts are none of its own. */
const WHOLE = /^\s*\{\{(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?!\}\}|["']).)*\}\}\s*$/s

/** How a value is given. */
export function modeOf(value: unknown): Mode {
  if (typeof value === 'string') {
    if (variableOf(value) !== undefined) return 'variable'
    return isTemplate(value) ? 'template' : 'text'
  }
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'boolean'
  if (Array.isArray(value)) return 'list'
  return isRecord(value) ? 'object' : 'null'
}

/** Whether anything in a text is filled in. */
export function isTemplate(text: string): boolean {
  return /\{\{|\{%/.test(text)
}

/** Whether a text is one expression alone, so that its value keeps its type: a number stays one, a list stays one. */
export function keepsType(value: unknown): boolean {
  return typeof value === 'string' && WHOLE.test(value)
}

/** The variable that a text is, if it is nothing besides. */
export function variableOf(value: unknown): string | undefined {
  if (!keepsType(value)) return undefined
  const path = String(value)
    .trim()
    .replace(/^\{\{-?|-?\}\}$/g, '')
    .trim()
  return REFERENCE.test(path) ? path : undefined
}

/** What a message says where a variable stands alone. */
export function variableText(path: string): string {
  return `{{ ${path} }}`
}

/** What stands there when another way is chosen: as much of what stood there as fits. */
export function asMode(mode: Mode, before: unknown): unknown {
  switch (mode) {
    case 'variable':
    case 'template':
    case 'text':
      if (typeof before === 'string') return before
      return before === undefined || before === null || typeof before === 'object' ? '' : String(before)
    case 'number': {
      const number = typeof before === 'string' && before.trim() !== '' ? Number(before) : Number.NaN
      return Number.isFinite(number) ? number : 0
    }
    case 'boolean':
      return before !== 'false'
    case 'null':
      return null
    case 'list':
      return Array.isArray(before) || isNothing(before) ? (before ?? []) : [before]
    case 'object':
      return isRecord(before) ? before : {}
  }
}

const isNothing = (value: unknown) => value === undefined || value === null

/** A type's name, of those that JSON has. */
export function typeOf(value: unknown): 'text' | 'number' | 'boolean' | 'null' | 'object' | 'list' {
  const mode = modeOf(value)
  return mode === 'variable' || mode === 'template' ? 'text' : mode
}

/** Puts a variable into a text at the caret; braces that were opened there for it are taken. */
export function inserted(text: string, caret: number, path: string): { text: string; caret: number } {
  const before = text.slice(0, caret).replace(/\{\{\s*$/, '')
  const behind = text.slice(caret).replace(/^\s*\}\}/, text.slice(0, caret) === before ? '$&' : '')
  const written = variableText(path)
  return { text: before + written + behind, caret: before.length + written.length }
}
