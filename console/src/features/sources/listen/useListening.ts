import { useCallback, useEffect, useRef, useState } from 'react'
import { type Heard, type ListenState, listenTo } from '~/api/live/listening'

/** The most requests that are shown of one listening. */
const KEPT = 30

/** Listening to a source: it begins when it is asked for, and ends with the page. */
export function useListening(source: string) {
  const [state, setState] = useState<ListenState | 'idle'>('idle')
  const [heard, setHeard] = useState<Heard[]>([])
  const end = useRef<() => void>(undefined)
  const start = useCallback(() => {
    end.current?.()
    end.current = listenTo(source, {
      state: setState,
      // After a connection was lost, one that was told already may be told again.
      heard: (request) =>
        setHeard((before) => [request, ...before.filter(({ id }) => id !== request.id)].slice(0, KEPT)),
    })
  }, [source])
  const stop = useCallback(() => {
    end.current?.()
    setState('idle')
  }, [])
  useEffect(() => () => end.current?.(), [])
  return { state, heard, start, stop }
}
