const HOUR_MS = 3_600_000

/** The spans that are offered, by how far back they go. */
export const SPANS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS } as const

export type Span = keyof typeof SPANS | 'custom'

/** The time as a field for date and time has it, in the person's zone. */
export function asLocal(at: number): string {
  const zone = new Date(at).getTimezoneOffset() * 60_000
  return new Date(at - zone).toISOString().slice(0, 16)
}

/** What such a field has, as RFC 3339; nothing while it is no time. */
export function fromLocal(local: string): string | undefined {
  const at = Date.parse(local)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** From when to when: `now` is when the person began to choose, so that what is counted is what is replayed. */
export function bounds(
  span: Span,
  now: number,
  own: { from: string; to: string },
): { from: string; to: string } | undefined {
  if (span !== 'custom') {
    return { from: new Date(now - SPANS[span]).toISOString(), to: new Date(now).toISOString() }
  }
  const [from, to] = [fromLocal(own.from), fromLocal(own.to)]
  return from && to && from < to ? { from, to } : undefined
}
