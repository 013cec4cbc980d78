import { describe, expect, it } from 'vitest'
import { asLocal, bounds, fromLocal } from './span'

const NOW = Date.parse('2026-03-01T10:00:00.000Z')

describe('the span of a replay', () => {
  it('reaches back from now', () => {
    expect(bounds('day', NOW, { from: '', to: '' })).toEqual({
      from: '2026-02-28T10:00:00.000Z',
      to: '2026-03-01T10:00:00.000Z',
    })
  })

  it('may be any other, in the person’s zone', () => {
    const own = { from: asLocal(NOW - 120_000), to: asLocal(NOW) }
    expect(bounds('custom', NOW, own)).toEqual({
      from: '2026-03-01T09:58:00.000Z',
      to: '2026-03-01T10:00:00.000Z',
    })
  })

  it('is none while it is not whole, or ends before it begins', () => {
    expect(bounds('custom', NOW, { from: '', to: asLocal(NOW) })).toBeUndefined()
    expect(bounds('custom', NOW, { from: asLocal(NOW), to: asLocal(NOW) })).toBeUndefined()
    expect(fromLocal('soon')).toBeUndefined()
  })
})
