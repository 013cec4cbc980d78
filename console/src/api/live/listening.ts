/** A request that came to a source while somebody listened. */
export interface Heard {
  outcome: 'accepted' | 'filtered' | 'refused'
  /** Of the event, or of the refused request. */
  id: string
  received_at: string
  /** As the server's `gateway` records requests. */
  request: Record<string, unknown>
}

/** How listening stands: `over` when its time has passed, `failed` when the server is not reached any more. */
export type ListenState = 'connecting' | 'listening' | 'broken' | 'over' | 'failed'

export interface SourceListener {
  state(state: ListenState): void
  heard(request: Heard): void
}

/** The pauses between tries to connect again; after the last one it is up to the person. */
const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000]

/** Listens for the next requests to a source until the returned function is called, or the time is over. */
export function listenTo(source: string, listener: SourceListener): () => void {
  let stream: EventSource | undefined
  let retrying: ReturnType<typeof setTimeout> | undefined
  let failures = 0

  const open = () => {
    stream = new EventSource(`/api/v1/sources/${encodeURIComponent(source)}/listen`)
    stream.addEventListener('listening', () => {
      failures = 0
      listener.state('listening')
    })
    stream.addEventListener('request', ({ data }: MessageEvent<string>) => {
      const request = readHeard(data)
      if (request) listener.heard(request)
    })
    stream.addEventListener('end', () => {
      stream?.close()
      listener.state('over')
    })
    stream.onerror = () => {
      stream?.close()
      const pause = PAUSES_MS[failures++]
      listener.state(pause === undefined ? 'failed' : 'broken')
      if (pause !== undefined) retrying = setTimeout(open, pause)
    }
  }

  listener.state('connecting')
  open()
  return () => {
    clearTimeout(retrying)
    stream?.close()
  }
}

const OUTCOMES: readonly unknown[] = ['accepted', 'filtered', 'refused']

/** What the server tells of a request; nothing when it is in no known form. */
export function readHeard(data: string): Heard | undefined {
  try {
    const { outcome, id, received_at, request } = JSON.parse(data)
    const isKnown = OUTCOMES.includes(outcome) && typeof id === 'string' && typeof received_at === 'string'
    return isKnown && typeof request === 'object' && request
      ? { outcome, id, received_at, request }
      : undefined
  } catch {
    return undefined
  }
}
