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
  name: string
  media_type: string
  size: number
  sha256: string
}

/** A part of a form: text, or a file. */
interface PartRecord {
  name: string
  text?: string
  file?: FileRecord
}

/** A body as an attempt records it. */
export interface SentBody {
  encoding?: 'text' | 'base64'
  content?: string
  truncated?: boolean
}

/** A body to be shown: parsed where it is JSON. */
export interface ShownBody {
  json?: unknown
  text?: string
  base64?: string
  /** The files that came in it. */
  files?: FileRecord[]
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
  if (body.parts) return formBody(body.parts)
  if (body.file) return { files: [body.file], cut }
  if (body.base64 !== undefined) return { base64: body.base64, cut }
  return textBody(body.text ?? '', cut)
}

export function sentBody(body: SentBody | undefined): ShownBody | undefined {
  if (!body?.content) return undefined
  if (body.encoding === 'base64') return { base64: body.content, cut: body.truncated === true }
  return textBody(body.content, body.truncated === true)
}

/** The texts of a form by their names, and its files. A name that came again has several texts. */
function formBody(parts: PartRecord[]): ShownBody {
  const texts = new Map<string, string[]>()
  for (const { name, text } of parts) {
    if (text !== undefined) texts.set(name, [...(texts.get(name) ?? []), text])
  }
  const one = ([name, values]: [string, string[]]) => [name, values.length === 1 ? values[0] : values]
  const files = parts.flatMap(({ file }) => file ?? [])
  return { ...(texts.size > 0 && { json: Object.fromEntries([...texts].map(one)) }), files, cut: false }
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
