/** The kinds of ids that people meet, by the prefixes the API gives them. */
const KINDS = {
  evt: 'event',
  run: 'run',
  msg: 'delivery',
  src: 'source',
  dst: 'destination',
  flow: 'flow',
} as const

export type IdKind = (typeof KINDS)[keyof typeof KINDS]

const ID = /^([a-z]+)_([0-7][0-9abcdefghjkmnpqrstvwxyz]{25})$/

/** What an id names; nothing when the text is no id. */
export function idKind(text: string): IdKind | undefined {
  const prefix = ID.exec(text)?.[1]
  return prefix ? (KINDS as Record<string, IdKind>)[prefix] : undefined
}

/** The original run of an event: both have the same number. */
export function originalRun(event: string): string {
  return event.replace(/^evt_/, 'run_')
}

/** The event whose original run this would be; a replay has a number of its own. */
export function eventOfOriginal(run: string): string {
  return run.replace(/^run_/, 'evt_')
}

/** An id as lists show it: its end, which tells it from its neighbours. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-6)}` : id
}
