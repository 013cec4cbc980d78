/** What the console reads of a destination's settings, as the server's `delivery` writes them. */
export interface DestinationConfig {
  kind?: string
  /** Absent when the address itself is a secret. */
  url?: string
  retry?: string | string[]
}
