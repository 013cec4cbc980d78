import { describe, expect, it } from 'vitest'
import { scaleOf } from './scale'

const gaps = (spans: Parameters<typeof scaleOf>[0]) => scaleOf(spans).segments.filter(({ gap }) => gap)

describe('the axis', () => {
  it('is even while nothing is idle for long', () => {
    const scale = scaleOf([
      { start: 0, end: 40 },
      { start: 50, end: 100 },
    ])
    expect(scale.segments).toHaveLength(1)
    expect([0, 25, 50, 100].map(scale.x)).toEqual([0, 0.25, 0.5, 1])
  })

  it('breaks out the time in which nothing happens', () => {
    const spans = [
      { start: 0, end: 10 },
      { start: 3_600_000, end: 3_600_010 },
    ]
    const scale = scaleOf(spans)
    const [gap] = gaps(spans)
    expect(gap).toMatchObject({ from: 10, to: 3_600_000 })
    const width = (gap?.right ?? 0) - (gap?.left ?? 0)
    expect(width).toBeLessThan(0.1)
    expect(scale.x(10) - scale.x(0)).toBeCloseTo(scale.x(3_600_010) - scale.x(3_600_000))
  })

  it('never runs backwards, and stays within the width', () => {
    const spans = [0, 1, 500, 501, 90_000, 7_200_000].map((start) => ({ start, end: start + 7 }))
    const { x } = scaleOf(spans)
    const places = Array.from({ length: 2_000 }, (_, step) => x(step * 4_000 - 100_000))
    expect(places.every((place) => place >= 0 && place <= 1)).toBe(true)
    expect(places.every((place, at) => at === 0 || place >= (places[at - 1] ?? 0))).toBe(true)
  })

  it('leaves room for what is short beside what is long', () => {
    const scale = scaleOf([
      { start: 0, end: 1 },
      { start: 1_000_000, end: 1_060_000 },
    ])
    expect(scale.x(1) - scale.x(0)).toBeGreaterThan(0.1)
  })

  it('keeps all gaps within half of the width, however many there are', () => {
    const spans = Array.from({ length: 12 }, (_, place) => ({ start: place * 1e7, end: place * 1e7 + 5 }))
    const broken = gaps(spans)
    expect(broken).toHaveLength(11)
    expect(broken.reduce((sum, { left, right }) => sum + right - left, 0)).toBeLessThan(0.5)
  })

  it('has round ticks that do not crowd', () => {
    const { ticks } = scaleOf([{ start: 0, end: 873 }])
    expect(ticks.map(({ at }) => at)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800])
    expect(scaleOf([{ start: 0, end: 2 * 3_600_000 }]).ticks.map(({ at }) => at / 60_000)).toEqual([
      0, 30, 60, 90,
    ])
  })

  it('counts from the end of a gap behind it', () => {
    const { ticks } = scaleOf([
      { start: 0, end: 20 },
      { start: 100_007, end: 100_027 },
    ])
    const behind = ticks.filter(({ since }) => since)
    expect(behind.length).toBeGreaterThan(0)
    expect(behind.every(({ at }) => at > 0 && at < 20)).toBe(true)
    expect(ticks.find(({ at }) => at === 100_007)?.since).toBeUndefined()
  })

  it('has a length even when everything happened at once', () => {
    expect(scaleOf([{ start: 0, end: 0 }]).x(0)).toBe(0)
    expect(scaleOf([]).segments).toHaveLength(1)
  })
})
