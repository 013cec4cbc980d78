import { LIVE_TYPES, type LiveMessage, readMessage } from './message'

/** How a live connection stands. */
export type LiveState = 'connecting' | 'live' | 'broken'

/** Messages are handed on together, so that a burst costs one drawing. */
const GATHER_MS = 100

/** The pauses between tries to connect again. */
const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000]

export interface LiveListener {
  state(state: LiveState): void
  messages(messages: LiveMessage[]): void
  /** The connection stands again after it was broken: something may have been missed. */
  resumed(): void
}

/** Listens to an environment until the returned function is called. */
export function listen(environment: string, listener: LiveListener): () => void {
  let source: EventSource | undefined
  let gathered: LiveMessage[] = []
  let gathering: ReturnType<typeof setTimeout> | undefined
  let retrying: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let wasLive = false

  const flush = () => {
    gathering = undefined
    const messages = gathered
    gathered = []
    listener.messages(messages)
  }
  const open = () => {
    source = new EventSource(`/api/v1/environments/${encodeURIComponent(environment)}/live`)
    source.onopen = () => {
      failures = 0
      listener.state('live')
      if (wasLive) listener.resumed()
      wasLive = true
    }
    source.onerror = () => {
      source?.close()
      listener.state('broken')
      retrying = setTimeout(open, PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)])
    }
    for (const type of LIVE_TYPES) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        const message = readMessage(type, event.data)
        if (!message) return
        gathered.push(message)
        gathering ??= setTimeout(flush, GATHER_MS)
      })
    }
  }

  listener.state('connecting')
  open()
  return () => {
    clearTimeout(retrying)
    clearTimeout(gathering)
    source?.close()
  }
}
