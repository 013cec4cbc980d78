import type { EventRow, RefusalRow } from '~/api/queries'

/** One request to a source, taken or refused. */
export type RequestRow =
  | { id: string; at: string; event: EventRow; refusal?: undefined }
  | { id: string; at: string; refusal: RefusalRow; event?: undefined }

/** What is loaded of a list, and whether older ones are left. */
export interface Listed<Row> {
  items: Row[]
  more: boolean
}

/**
 * Events and refused requests as one list, the newest first. What is older than the end of a list that goes on
 * waits, so that nothing appears above what is shown already; `open` is the list to go on with.
 */
export function mergedRequests(events: Listed<EventRow>, refusals: Listed<RefusalRow>) {
  const rows: RequestRow[] = [
    ...events.items.map((event) => ({ id: event.id, at: event.received_at, event })),
    ...refusals.items.map((refusal) => ({ id: refusal.id, at: refusal.received_at, refusal })),
  ]
  const ends = [
    { list: 'events' as const, end: endOf(events) },
    { list: 'refusals' as const, end: endOf(refusals) },
  ].filter(({ end }) => end > Number.NEGATIVE_INFINITY)
  const last = ends.sort((one, other) => other.end - one.end)[0]
  const shown = last ? rows.filter((row) => Date.parse(row.at) >= last.end) : rows
  return {
    rows: shown.sort((one, other) => Date.parse(other.at) - Date.parse(one.at)),
    open: last?.list,
  }
}

function endOf({ items, more }: Listed<{ received_at: string }>): number {
  const last = items.at(-1)
  return more && last ? Date.parse(last.received_at) : Number.NEGATIVE_INFINITY
}
