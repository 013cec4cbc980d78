/** The shapes that say where something stands; each has a colour of its own beside it. */
export type Mark =
  | 'accepted'
  | 'pending'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'recovered'
  | 'failed'
  | 'dead'
  | 'cancelled'
  | 'skipped'
  | 'filtered'

const RUNS: Record<string, Mark> = {
  queued: 'accepted',
  running: 'running',
  waiting: 'waiting',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  parked: 'dead',
  filtered: 'filtered',
}

const STEPS: Record<string, Mark> = {
  pending: 'pending',
  running: 'running',
  paused: 'waiting',
  waiting: 'waiting',
  succeeded: 'succeeded',
  recovered: 'recovered',
  failed: 'failed',
  skipped: 'skipped',
  stopped: 'cancelled',
}

const ATTEMPTS: Record<string, Mark> = {
  delivered: 'succeeded',
  retry: 'failed',
  permanent: 'dead',
  exhausted: 'dead',
}

export function markOfRun(status: string): Mark {
  return RUNS[status] ?? 'accepted'
}

export function markOfStep(state: string): Mark {
  return STEPS[state] ?? 'pending'
}

/**
 * A delivery that is due for the first time is accepted; one that has failed before waits. One that is blocked has
 * others before it. A dead letter may be discarded, or replaced by an edited one.
 */
export function markOfDelivery(state: string, attempts: number): Mark {
  if (state === 'delivered') return 'succeeded'
  if (state === 'dead') return 'dead'
  if (state === 'discarded') return 'cancelled'
  if (state === 'replaced') return 'skipped'
  if (state === 'blocked') return 'pending'
  return attempts > 0 ? 'waiting' : 'accepted'
}

export function markOfAttempt(outcome: string): Mark {
  return ATTEMPTS[outcome] ?? 'failed'
}

/** Whether more follows by itself. */
export function isOpen(mark: Mark): boolean {
  return mark === 'accepted' || mark === 'pending' || mark === 'running' || mark === 'waiting'
}

/**
 * The attempts of a delivery of which only their number is known: all but the last have failed, since a
 * delivery ends with the first that succeeds.
 */
export function attemptMarks(state: string, attempts: number): Mark[] {
  const last = markOfDelivery(state, attempts)
  if (attempts === 0) return [last]
  const failed = state === 'pending' || state === 'blocked' ? attempts : attempts - 1
  return [...Array<Mark>(failed).fill('failed'), last]
}
