import { describe, expect, it } from 'vitest'
import type { EventRow, RefusalRow } from '~/api/queries'
import { checkOf, verdicts } from './checks'
import { mergedRequests } from './requests'

const at = (second: number) => `2026-03-01T10:00:${String(second).padStart(2, '0')}.000Z`
const event = (second: number) => ({ id: `evt_${second}`, received_at: at(second) }) as EventRow
const refusal = (second: number) => ({ id: `ref_${second}`, received_at: at(second) }) as RefusalRow

describe('taken and refused requests', () => {
  it('are one list, the newest first', () => {
    const { rows, open } = mergedRequests(
      { items: [event(9), event(3)], more: false },
      { items: [refusal(5)], more: false },
    )
    expect(rows.map((row) => row.id)).toEqual(['evt_9', 'ref_5', 'evt_3'])
    expect(open).toBeUndefined()
  })

  it('do not go on behind the end of a list that has more', () => {
    const { rows, open } = mergedRequests(
      { items: [event(9), event(8)], more: true },
      { items: [refusal(10), refusal(2)], more: true },
    )
    expect(rows.map((row) => row.id)).toEqual(['ref_10', 'evt_9', 'evt_8'])
    expect(open, 'the list that ends first goes on first').toBe('events')
  })
})

describe('the checks of a source', () => {
  const config = {
    verification: { scheme: 'token' },
    allow_cidrs: ['10.0.0.0/8'],
    limits: { source_rate: {} },
  }

  it('are passed up to the one that failed', () => {
    expect(verdicts('verification', config)).toEqual([
      ['source', 'passed'],
      ['method', 'passed'],
      ['address', 'passed'],
      ['path', 'passed'],
      ['size', 'passed'],
      ['verification', 'failed'],
      ['source_rate', 'unreached'],
      ['parse', 'unreached'],
      ['fields', 'unreached'],
      ['dedupe', 'unreached'],
      ['commit', 'unreached'],
    ])
  })

  it('leave out what the source does not look at, unless it failed there', () => {
    const open = { verification: { scheme: 'none' }, dedupe: null }
    const names = (failed: Parameters<typeof verdicts>[0]) => verdicts(failed, open).map(([check]) => check)
    expect(names('fields')).toEqual(['source', 'method', 'path', 'size', 'parse', 'fields', 'commit'])
    expect(names('client_rate')).toContain('client_rate')
  })

  it('are known by the code, expressions by what is said of them, and codes of later versions by their status', () => {
    expect(checkOf('field_invalid', 422, '')).toBe('fields')
    expect(checkOf('client_rate_limited', 429, '')).toBe('client_rate')
    expect(checkOf('source_rate_limited', 429, '')).toBe('source_rate')
    expect(checkOf('expression_failed', 422, "The source's `filter` has no answer")).toBe('filter')
    expect(checkOf('expression_failed', 422, "The source's `dedupe.key` has no answer")).toBe('dedupe')
    expect(checkOf('signature_of_the_future', 401, '')).toBe('verification')
    expect(checkOf('teapot', 418, '')).toBeUndefined()
  })
})
