import { describe, expect, it } from 'vitest'
import { duration } from './duration'
import { relative } from './time'

describe('a length of time', () => {
  it.each([
    [0, '0 ms'],
    [0.0123, '12 µs'],
    [1, '1 ms'],
    [12.34, '12.3 ms'],
    [873, '873 ms'],
    [1_240, '1.2 s'],
    [59_900, '59.9 s'],
    [124_000, '2 min 4 s'],
    [3_600_000, '1 h'],
    [11_520_000, '3 h 12 min'],
    [270_000_000, '3 d 3 h'],
    [-5, '0 ms'],
  ])('of %d ms is written %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  it('has its units in Chinese from minutes on', () => {
    expect(duration(124_000, 'zh')).toBe('2 分 4 s')
    expect(duration(270_000_000, 'zh')).toBe('3 天 3 小时')
  })
})

describe('a time in relation to now', () => {
  it('is in the largest unit that fits', () => {
    const now = Date.parse('2026-03-01T10:00:00Z')
    expect(relative(now - 12_000, now, 'en')).toBe('12s ago')
    expect(relative(now - 3 * 3_600_000, now, 'en')).toBe('3h ago')
    expect(relative(now + 5 * 60_000, now, 'en')).toMatch(/^in 5 ?m/)
    expect(relative(now - 500, now, 'en')).toBe('now')
    expect(relative(now - 12_000, now, 'zh')).toBe('12秒前')
  })
})
