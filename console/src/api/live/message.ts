/** What an environment tells while it happens. */
export type LiveMessage =
  | { type: 'run'; run: string; event: string; status: string }
  | { type: 'step'; run: string; event: string; step: string; state: string }
  | { type: 'token'; run: string; event: string; step: string; text: string }
  | { type: 'delivery'; delivery: string; destination: string; run: string; outcome: string }
  | { type: 'lost' }

/** The names of the server-sent events. */
export const LIVE_TYPES = ['run', 'step', 'token', 'delivery', 'lost'] as const

const FIELDS: Record<(typeof LIVE_TYPES)[number], string[]> = {
  run: ['run', 'event', 'status'],
  step: ['run', 'event', 'step', 'state'],
  token: ['run', 'event', 'step', 'text'],
  delivery: ['delivery', 'destination', 'run', 'outcome'],
  lost: [],
}

/** Reads one server-sent event; nothing when it is not in the form that this console knows. */
export function readMessage(type: (typeof LIVE_TYPES)[number], data: string): LiveMessage | undefined {
  let fields: unknown
  try {
    fields = JSON.parse(data)
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null) return undefined
  const texts = fields as Record<string, unknown>
  if (FIELDS[type].some((name) => typeof texts[name] !== 'string')) return undefined
  return { ...texts, type } as LiveMessage
}
