/*
 * What the API gives as plain objects, in the form that the server's `gateway` and `delivery` write it.
 * Everything is optional here, so that a record of another version still shows what it has.
 */

/** A request as it came in. */
export interface RequestRecord {
  method?: string
  path?: string
  query?: string
  headers?: Record<string, string | string[]>
  content_type?: string
  body?: { text?: string; base64?: string }
  cut_from?: number
  peer?: string
}

/** One try of a delivery. */
export interface AttemptRecord {
  outcome?: string
  reason?: string
  tries?: number
  /** Milliseconds since 1970. */
  next_at?: number
  parts?: { total: number; accepted: number }
  exchanges?: Exchange[]
}

/** One request and what came back. */
export interface Exchange {
  request?: { method?: string; url?: string; headers?: [string, string][]; body?: SentBody }
  response?: { status?: number; headers?: [string, string][]; body?: SentBody }
  error?: { kind?: string; message?: string }
  remote?: string
  timing?: {
    reused?: boolean
    dns_ms?: number
    connect_ms?: number
    tls_ms?: number
    first_byte_ms?: number
    total_ms?: number
  }
}

interface SentBody {
  encoding?: 'text' | 'base64'
  content?: string
  truncated?: boolean
}

/** Why a step or a run failed. */
export interface Failure {
  code?: string
  message?: string
  step?: string
  transient?: boolean
}

/** What the request was answered by a `respond` step. */
export interface Answer {
  status?: number
  headers?: [string, string][]
  body?: unknown
}

/** A body to be shown: parsed where it is JSON. */
export interface ShownBody {
  json?: unknown
  text?: string
  base64?: string
  /** Whether only its beginning was kept. */
  cut: boolean
}

export function requestBody(request: RequestRecord): ShownBody | undefined {
  const { body, cut_from } = request
  if (!body) return undefined
  const cut = cut_from !== undefined
  if (body.base64 !== undefined) return { base64: body.base64, cut }
  return textBody(body.text ?? '', cut)
}

export function sentBody(body: SentBody | undefined): ShownBody | undefined {
  if (!body?.content) return undefined
  if (body.encoding === 'base64') return { base64: body.content, cut: body.truncated === true }
  return textBody(body.content, body.truncated === true)
}

function textBody(text: string, cut: boolean): ShownBody | undefined {
  if (text === '') return undefined
  if (!/^\s*[[{]/.test(text)) return { text, cut }
  try {
    return { json: JSON.parse(text), cut }
  } catch {
    return { text, cut }
  }
}

/** How long an attempt took in all, in milliseconds. */
export function attemptTook(record: AttemptRecord): number {
  return (record.exchanges ?? []).reduce((sum, exchange) => sum + (exchange.timing?.total_ms ?? 0), 0)
}

/** What came of an attempt in a word: the last status, or the kind of the error. */
export function attemptWord(record: AttemptRecord): string {
  const last = record.exchanges?.at(-1)
  if (last?.response?.status !== undefined) return String(last.response.status)
  return last?.error?.kind ?? record.outcome ?? ''
}
