/*
 * Requests, answers and their bodies in the form that the server's `gateway` and `delivery` record them.
 * Everything is optional here, so that a record of another version still shows what it has.
 */

/** A request as it came in. */
export interface RequestRecord {
  method?: string
  path?: string
  query?: string
  headers?: Record<string, string | string[]>
  body?: { text?: string; base64?: string; file?: FileRecord; parts?: PartRecord[] }
  cut_from?: number
  peer?: string
}

/** A file that came with a request; its content is kept apart. */
export interface FileRecord {
  name?: string
  media_type?: string
  size?: number
  sha256?: string
}

/** A part of a form: a text, or a file. */
export interface PartRecord {
  name?: string
  text?: string
  file?: FileRecord
}

/** A body as an attempt records it. */
export interface SentBody {
  encoding?: 'text' | 'base64'
  content?: string
  truncated?: boolean
}

/** One request and what came back. */
export interface Exchange {
  request?: { method?: string; url?: string; headers?: [string, string][]; body?: SentBody }
  response?: { status?: number; headers?: [string, string][]; body?: SentBody }
  /** `dialogue` is what had been said on a mail server's line until then. */
  error?: { kind?: string; message?: string; dialogue?: SentBody }
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

/** A body to be shown: parsed where it is JSON. */
export interface ShownBody {
  json?: unknown
  text?: string
  base64?: string
  /** The pairs of a form, or the parts of one with files. */
  parts?: PartRecord[]
  /** Whether only its beginning was kept. */
  cut: boolean
}

/** A request's headers one by one; one that came again has several values. */
export function headerPairs(request: RequestRecord): [string, string][] {
  return Object.entries(request.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  )
}

export function requestBody(request: RequestRecord): ShownBody | undefined {
  const { body, cut_from } = request
  if (!body) return undefined
  const cut = cut_from !== undefined
  if (body.file) return { parts: [{ file: body.file }], cut }
  if (body.parts) return { parts: body.parts, cut }
  if (body.base64 !== undefined) return { base64: body.base64, cut }
  const text = body.text ?? ''
  if (text !== '' && headerOf(request, 'content-type')?.startsWith('application/x-www-form-urlencoded')) {
    return {
      text,
      parts: [...new URLSearchParams(text)].map(([name, value]) => ({ name, text: value })),
      cut,
    }
  }
  return textBody(text, cut)
}

/** A header's first value. */
export function headerOf({ headers }: RequestRecord, name: string): string | undefined {
  return [headers?.[name]].flat()[0]
}

/** How many bytes a request's body had, where that can be told. */
export function bodySize({ body, cut_from }: RequestRecord): number | undefined {
  if (cut_from !== undefined) return cut_from
  if (body?.text !== undefined) return new TextEncoder().encode(body.text).length
  if (body?.base64 !== undefined) return Math.floor((body.base64.replace(/=+$/, '').length * 3) / 4)
  return body?.file?.size
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
