import type { DestinationView } from '~/api/destinations'
import type { Mark } from '../thread/mark'

/** How a destination does. */
export type Health = 'ok' | 'failing' | 'half_open' | 'open' | 'off'

/** Off counts before all else, since nothing is tried then; a breaker before single failures. */
export function healthOf({ disabled_reason, breaker, queue }: DestinationView): Health {
  if (disabled_reason != null) return 'off'
  if (breaker) return breaker.state === 'open' ? 'open' : 'half_open'
  return queue.retrying > 0 ? 'failing' : 'ok'
}

export const HEALTH_MARKS: Record<Health, Mark> = {
  ok: 'succeeded',
  failing: 'recovered',
  half_open: 'waiting',
  open: 'failed',
  off: 'cancelled',
}
