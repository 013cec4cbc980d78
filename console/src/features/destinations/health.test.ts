import { describe, expect, it } from 'vitest'
import { DESTINATION, openBreaker } from '~/testing/destination'
import { healthOf } from './health'

describe('the health of a destination', () => {
  const failing = { ...DESTINATION, queue: { ...DESTINATION.queue, pending: 3, retrying: 1 } }

  it('is what matters most', () => {
    expect(healthOf(DESTINATION)).toBe('ok')
    expect(healthOf({ ...DESTINATION, queue: { ...DESTINATION.queue, pending: 3 } })).toBe('ok')
    expect(healthOf(failing)).toBe('failing')
    expect(healthOf({ ...failing, breaker: openBreaker() })).toBe('open')
    expect(healthOf({ ...failing, breaker: { ...openBreaker(), state: 'half_open' } })).toBe('half_open')
    expect(healthOf({ ...failing, breaker: openBreaker(), disabled_reason: 'moved' })).toBe('off')
  })
})
