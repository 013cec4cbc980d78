/** What the console reads of a destination's settings, as the server's `delivery` writes them. */
export interface DestinationConfig {
  kind?: string
  /** Absent when the address itself is a secret. */
  url?: string
  retry?: string | string[]
}

/** Settings that every kind has: how it is called, rather than what. */
export const POLICY = ['timeout', 'retry', 'concurrency', 'rate', 'breaker', 'when_dead']
