import type { DELIVERY_STATES, DeliveryFilter } from '~/api/queries'

const HOUR_MS = 3_600_000

/** How far back a list goes. */
export const SINCE = ['hour', 'day', 'week', 'month', 'custom'] as const

type Since = (typeof SINCE)[number]

const SPANS: Record<Exclude<Since, 'custom'>, number> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 168 * HOUR_MS,
  month: 720 * HOUR_MS,
}

/** Which deliveries are listed, as the address has it. */
export interface DeliverySearch {
  state?: (typeof DELIVERY_STATES)[number] | undefined
  /** By id. */
  destination?: string | undefined
  /** By name. */
  flow?: string | undefined
  since?: Since | undefined
  /** As a field for date and time has it, in the person's zone; with `custom`. */
  from?: string | undefined
  to?: string | undefined
  /** What the last attempt of a dead letter says. */
  reason?: string | undefined
}

/** What the API is asked for; `now` is when the person chose the span, so that it stands still. */
export function filterOf(search: DeliverySearch, now: number): DeliveryFilter {
  const { state, destination, flow, since, reason } = search
  return { state, destination, flow, reason, ...spanOf(search, since, now) }
}

function spanOf({ from, to }: DeliverySearch, since: Since | undefined, now: number) {
  if (since === undefined) return {}
  if (since !== 'custom') return { from: new Date(now - SPANS[since]).toISOString() }
  return { from: instant(from), to: instant(to) }
}

/** What such a field has, as RFC 3339; nothing while it is no time. */
function instant(local: string | undefined): string | undefined {
  const at = Date.parse(local ?? '')
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** Whether a list is narrowed to something. */
export function isNarrow(filter: DeliveryFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined)
}
