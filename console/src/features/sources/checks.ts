import type { SourceConfig } from './config'

/** What a source looks at, in this order; the first that fails ends it. */
export const CHECKS = [
  'source',
  'method',
  'address',
  'path',
  'size',
  'client_rate',
  'verification',
  'source_rate',
  'parse',
  'fields',
  'dedupe',
  'filter',
  'commit',
] as const

export type Check = (typeof CHECKS)[number]

export type Verdict = 'passed' | 'failed' | 'unreached'

const BY_CODE: Record<string, Check> = {
  source_not_found: 'source',
  source_unavailable: 'source',
  method_not_allowed: 'method',
  path_not_found: 'path',
  origin_not_allowed: 'method',
  body_too_large: 'size',
  body_late: 'size',
  client_rate_limited: 'client_rate',
  source_rate_limited: 'source_rate',
  keys_unavailable: 'verification',
  decryption_failed: 'verification',
  body_malformed: 'parse',
  content_type_unsupported: 'parse',
  too_many_files: 'parse',
  file_too_large: 'parse',
  file_type_unsupported: 'parse',
  field_invalid: 'fields',
  overloaded: 'size',
  storage_unavailable: 'commit',
  stopping: 'commit',
}

/** Codes that are not listed are told by the status, which each check has nearly for itself. */
const BY_STATUS: Record<number, Check> = {
  400: 'parse',
  401: 'verification',
  403: 'address',
  404: 'path',
  405: 'method',
  408: 'size',
  413: 'size',
  415: 'parse',
  422: 'fields',
  503: 'commit',
}

/** Which check refused a request. */
export function checkOf(code: string, status: number, detail: string): Check | undefined {
  // Both expressions have one code: it is said which of the two has no answer.
  if (code === 'expression_failed') return detail.includes('`dedupe.key`') ? 'dedupe' : 'filter'
  return BY_CODE[code] ?? BY_STATUS[status]
}

/** The checks that a source makes, each with how it went for a request that one of them refused. */
export function verdicts(failed: Check, config: SourceConfig & Record<string, unknown>): [Check, Verdict][] {
  const place = CHECKS.indexOf(failed)
  return CHECKS.filter((check) => check === failed || isMade(check, config)).map((check) => {
    const at = CHECKS.indexOf(check)
    return [check, at < place ? 'passed' : at === place ? 'failed' : 'unreached']
  })
}

/** Whether a source has anything to check there. */
function isMade(check: Check, config: SourceConfig & Record<string, unknown>): boolean {
  const limits = config.limits as Record<string, unknown> | undefined
  switch (check) {
    case 'address':
      return Array.isArray(config.allow_cidrs) && config.allow_cidrs.length > 0
    case 'client_rate':
    case 'source_rate':
      return limits?.[check] != null
    case 'verification':
      return config.verification?.scheme !== 'none'
    case 'dedupe':
      return config.dedupe !== null
    case 'filter':
      return config.filter != null
    default:
      return true
  }
}
