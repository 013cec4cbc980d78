/*
 * The waterfall's axis. A run takes milliseconds and a delivery may be tried for days; on one even scale
 * nothing could be seen. So the long times in which nothing happened are broken out of the axis, each
 * shown as a narrow gap with its length.
 */

/** A time in which something happened, in milliseconds. */
export interface Span {
  start: number
  end: number
}

/** A part of the axis: from and to in milliseconds, left and right as fractions of the width. */
export interface Segment {
  from: number
  to: number
  left: number
  right: number
  /** Whether it is a broken-out gap. */
  gap: boolean
}

export interface Tick {
  /** Milliseconds since the thread began; behind a gap, since the gap's end. */
  at: number
  /** Whether it lies at a round time, and not at the beginning of a part. */
  round?: boolean
  /** Whether it counts from a gap's end. */
  since?: boolean
  /** A fraction of the width. */
  x: number
}

export interface Scale {
  segments: Segment[]
  /** Where a time lies, as a fraction of the width. */
  x(at: number): number
  ticks: Tick[]
}

/** A gap is broken out when it is longer than this part of what is left without it and the longer ones. */
const WORTH_BREAKING = 0.5

/** The width of a broken-out gap, and of all gaps together, as fractions. */
const GAP = 0.085
const ALL_GAPS = 0.45

/** The least width of a part between gaps. */
const LEAST = 0.13

/** Ticks lie at least so far apart. */
const TICK = 0.11

/** The shortest axis, in milliseconds: a thread of pure steps takes microseconds. */
const SHORTEST = 0.05

export function scaleOf(spans: Span[]): Scale {
  const busy = merged(spans)
  const first = busy[0]?.start ?? 0
  const last = Math.max(first + SHORTEST, busy.at(-1)?.end ?? 0)
  const segments = laidOut(partsOf(busy, first, last))
  const x = (at: number) => place(segments, at)
  return { segments, x, ticks: segments.flatMap((segment, place) => ticksOf(segment, place > 0)) }
}

function merged(spans: Span[]): Span[] {
  const sorted = [...spans].sort((one, other) => one.start - other.start)
  const result: Span[] = []
  for (const { start, end } of sorted) {
    const before = result.at(-1)
    if (before && start <= before.end) before.end = Math.max(before.end, end)
    else result.push({ start, end: Math.max(start, end) })
  }
  return result
}

/** The axis in parts: broken-out gaps, and what lies between them. */
function partsOf(busy: Span[], first: number, last: number): Omit<Segment, 'left' | 'right'>[] {
  const gaps = busy.slice(1).map((span, place) => ({ from: busy[place]?.end ?? first, to: span.start }))
  const lengths = gaps.map(({ from, to }) => to - from)
  const left = (length: number) => {
    const asLong = lengths.filter((one) => one >= length)
    return last - first - asLong.reduce((sum, one) => sum + one, 0)
  }
  const broken = gaps.filter(({ from, to }) => to - from > WORTH_BREAKING * left(to - from))
  const parts = []
  let from = first
  for (const gap of broken) {
    parts.push({ from, to: gap.from, gap: false }, { ...gap, gap: true })
    from = gap.to
  }
  return [...parts, { from, to: last, gap: false }]
}

function laidOut(parts: Omit<Segment, 'left' | 'right'>[]): Segment[] {
  const gaps = parts.filter((part) => part.gap).length
  const gapWidth = gaps > 0 ? Math.min(GAP, ALL_GAPS / gaps) : 0
  const room = 1 - gaps * gapWidth
  const plain = parts.filter((part) => !part.gap)
  const least = Math.min(LEAST, room / plain.length)
  const total = plain.reduce((sum, part) => sum + (part.to - part.from), 0)
  const share = (part: { from: number; to: number }) =>
    total > 0 ? (part.to - part.from) / total : 1 / plain.length
  const shared = room - least * plain.length
  let left = 0
  return parts.map((part) => {
    const width = part.gap ? gapWidth : least + shared * share(part)
    const segment = { ...part, left, right: left + width }
    left += width
    return segment
  })
}

function place(segments: Segment[], at: number): number {
  const last = segments.at(-1)
  const segment = segments.find(({ to }) => at <= to) ?? last
  if (!segment) return 0
  const { from, to, left, right } = segment
  const share = to > from ? (at - from) / (to - from) : 0
  return Math.max(0, Math.min(1, left + Math.max(0, Math.min(1, share)) * (right - left)))
}

/**
 * Round times within a part, as many as fit. Behind a gap of hours, times since the beginning would differ in
 * their last digits only; so there the first tick tells the time, and the others count from it.
 */
function ticksOf({ from, to, left, right, gap }: Segment, since: boolean): Tick[] {
  if (gap) return []
  const length = to - from
  const fit = Math.floor((right - left) / TICK)
  if (length <= 0 || fit < 1) return [{ at: from, x: left }]
  const step = roundUp(length / fit)
  const ticks: Tick[] = [{ at: from, x: left }]
  const zero = since ? from : 0
  const first = Math.ceil((from - zero + step * 0.6) / step) * step
  for (let at = first; at + zero <= to - step * 0.2; at += step) {
    ticks.push({
      at,
      x: left + ((at + zero - from) / length) * (right - left),
      round: true,
      ...(since && { since }),
    })
  }
  return ticks
}

/** Lengths above a minute that people count in: minutes, hours, days. */
const ROUND = [60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
)

/** The next round length of 1, 2 or 5 times a power of ten, or of minutes and hours. */
function roundUp(length: number): number {
  if (length > 30_000)
    return ROUND.find((round) => round >= length) ?? Math.ceil(length / 86_400_000) * 86_400_000
  const power = 10 ** Math.floor(Math.log10(length))
  const factor = [1, 2, 5, 10].find((one) => one * power >= length * 0.999) ?? 10
  return factor * power
}
