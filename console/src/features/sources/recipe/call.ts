import { addressOf, exampleOf, type FlowInput, type SourceConfig, type SourceField } from '../config'
import { type Piece, type Proof, proofOf } from './proof'

/** A call that a source takes, before it is written in some language. */
export interface Call {
  method: string
  url: string
  headers: [string, string][]
  body: CallBody
  proof: Proof
}

export type CallBody =
  | { kind: 'none' }
  | { kind: 'text'; type: string; text: string }
  | { kind: 'parts'; parts: { name: string; text: string; file: boolean }[] }

/** Of a scheme's secrets, those that the page still knows, because they have just been written. */
export type KnownSecrets = Record<string, unknown> | undefined

/** A call with a value for each of the source's fields or, when it maps none, of the flow's inputs. */
export function callOf(
  url: string,
  config: SourceConfig,
  inputs: Record<string, FlowInput>,
  secrets?: KnownSecrets,
): Call {
  const method = config.methods?.includes('POST') === false ? (config.methods[0] ?? 'POST') : 'POST'
  const parts = partsOf(config.fields ?? {}, inputs)
  const path = addressOf(url, config).replace(/\{(\w+)\}/g, (whole, name) => parts.path.get(name) ?? whole)
  const query = [...parts.query].map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  )
  return {
    method,
    url: query.length > 0 ? `${path}?${query.join('&')}` : path,
    headers: [...parts.headers],
    body: method === 'GET' ? { kind: 'none' } : bodyOf(parts),
    proof: proofOf(config.verification ?? {}, secrets),
  }
}

/** The address, with the secret in it where it belongs there. */
export function urlOf({ url, proof }: Call): string {
  if (proof.kind !== 'show' || !proof.query) return url
  return `${url}${url.includes('?') ? '&' : '?'}${proof.query}=${encodeURIComponent(proof.secret)}`
}

/** Whether a header is a name and a password, which are encoded together. */
export function isBasicValue(pieces: Piece[]): boolean {
  const [first] = pieces
  return typeof first === 'object' && first.text.startsWith('Basic ')
}

export function isBasic({ proof }: Call): boolean {
  return proof.kind === 'show' && proof.headers.some(([, pieces]) => isBasicValue(pieces))
}

interface Parts {
  body: unknown
  query: Map<string, string>
  headers: Map<string, string>
  path: Map<string, string>
  form: { name: string; text: string; file: boolean }[]
}

function partsOf(fields: Record<string, SourceField>, inputs: Record<string, FlowInput>): Parts {
  const parts: Parts = { body: undefined, query: new Map(), headers: new Map(), path: new Map(), form: [] }
  const mapped = Object.entries(fields)
  if (mapped.length === 0) {
    const files = Object.entries(inputs).filter(([, field]) => field.type === 'file')
    if (files.length === 0) {
      parts.body = Object.fromEntries(Object.entries(inputs).map(([name, field]) => [name, exampleOf(field)]))
      return parts
    }
    parts.form = Object.entries(inputs).map(([name, field]) => formPart(name, field))
    return parts
  }
  for (const [name, field] of mapped) put(parts, field.from ?? `body.${name}`, field, inputs[name])
  return parts
}

function put(parts: Parts, from: string, field: SourceField, input: FlowInput | undefined) {
  const value = exampleOf({ ...input, ...field })
  const [root, name] = from.match(/^(\w+)\.?(.*)$/)?.slice(1) ?? ['body', '']
  if (root === 'body') parts.body = placed(parts.body, steps(name ?? ''), value)
  else if (root === 'form' || root === 'file') parts.form.push(formPart(name ?? '', field, root === 'file'))
  else if (root === 'query') parts.query.set(name ?? '', plain(value))
  else if (root === 'header') parts.headers.set(name ?? '', plain(value))
  else if (root === 'path') parts.path.set(name ?? '', plain(value))
}

function formPart(name: string, field: FlowInput, file = field.type === 'file') {
  return { name, text: file ? `${name}.pdf` : plain(exampleOf(field)), file }
}

/** `data.items[0].sku` as keys and indices. */
function steps(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? '') : Number(index),
  )
}

/** A value with another put into it at a path. */
function placed(whole: unknown, path: (string | number)[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (typeof key === 'number') {
    const items = Array.isArray(whole) ? [...whole] : []
    for (let at = items.length; at < key; at++) items.push(null)
    items[key] = placed(items[key], rest, value)
    return items
  }
  const object = typeof whole === 'object' && whole !== null ? (whole as Record<string, unknown>) : {}
  return { ...object, [key]: placed(object[key], rest, value) }
}

function bodyOf({ body, form }: Parts): CallBody {
  if (form.some((part) => part.file)) return { kind: 'parts', parts: form }
  if (form.length > 0) {
    const text = new URLSearchParams(form.map(({ name, text }) => [name, text])).toString()
    return { kind: 'text', type: 'application/x-www-form-urlencoded', text }
  }
  if (body === undefined) return { kind: 'none' }
  return { kind: 'text', type: 'application/json', text: JSON.stringify(body) }
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
