import type { Exchange } from '../payload/body'

/*
 * What the API gives as plain objects, in the form that the server's `gateway` and `delivery` write it.
 * Everything is optional here, so that a record of another version still shows what it has.
 */

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
