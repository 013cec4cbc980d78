import { describe, expect, it } from 'vitest'
import { attemptMarks, markOfDelivery, markOfRun, markOfStep } from './mark'

describe('marks', () => {
  it('stand for every state of runs and steps', () => {
    const runs = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'parked', 'filtered']
    expect(runs.map(markOfRun)).toEqual([
      'accepted',
      'running',
      'waiting',
      'succeeded',
      'failed',
      'cancelled',
      'dead',
      'filtered',
    ])
    const steps = [
      'pending',
      'running',
      'paused',
      'waiting',
      'succeeded',
      'recovered',
      'failed',
      'skipped',
      'stopped',
    ]
    expect(new Set(steps.map(markOfStep)).size).toBe(8)
  })

  it('tell a delivery that waits for its first attempt from one that failed before', () => {
    expect(markOfDelivery('pending', 0)).toBe('accepted')
    expect(markOfDelivery('pending', 2)).toBe('waiting')
  })

  it('stand for the attempts of a delivery', () => {
    expect(attemptMarks('pending', 0)).toEqual(['accepted'])
    expect(attemptMarks('delivered', 1)).toEqual(['succeeded'])
    expect(attemptMarks('delivered', 3)).toEqual(['failed', 'failed', 'succeeded'])
    expect(attemptMarks('dead', 2)).toEqual(['failed', 'dead'])
    expect(attemptMarks('pending', 2)).toEqual(['failed', 'failed', 'waiting'])
  })
})
