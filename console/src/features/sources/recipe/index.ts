import type { Call } from './call'
import { curlOf } from './curl'
import { goOf } from './go'
import { javascriptOf } from './javascript'
import { pythonOf } from './python'

/** The languages that a call is shown in. */
export const LANGUAGES = ['curl', 'Python', 'JavaScript', 'Go'] as const

export type Language = (typeof LANGUAGES)[number]

const WRITERS: Record<Language, (call: Call) => string> = {
  curl: curlOf,
  Python: pythonOf,
  JavaScript: javascriptOf,
  Go: goOf,
}

/** A call in a language, to copy and run; what must be filled in stands in capitals. */
export function sampleOf(call: Call, language: Language): string {
  return WRITERS[language](call)
}
