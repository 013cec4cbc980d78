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
  body?: { text?: string; base64?: string }
  cut_from?: number
  peer?: string
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
