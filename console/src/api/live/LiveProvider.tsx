import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import {
  type DeliveryFilter,
  type DeliveryRow,
  deliveryPage,
  type EventFilter,
  type EventRow,
  eventPage,
  type Page,
  type RunFilter,
  type RunRow,
  runPage,
  type Trace,
} from '../queries'
import { type Digest, digest, mergeHead, patchDeliveries, patchEvents, patchRuns, patchTrace } from './digest'
import type { LiveMessage } from './message'
import { type LiveState, listen } from './stream'
import { TokenStore } from './tokens'

interface Live {
  state: LiveState
  /** When something last happened, in the page's own time; 0 before that. */
  beat: number
  tokens: TokenStore
}

const Context = createContext<Live>({ state: 'connecting', beat: 0, tokens: new TokenStore() })

/** The lists that grow at their head are read again at most this often. */
const READ_AGAIN_MS = 400

/** Keeps what is shown of an environment up to date. */
export function LiveProvider({ environment, children }: { environment: string; children: ReactNode }) {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  const [beat, setBeat] = useState(0)
  const [tokens] = useState(() => new TokenStore())

  useEffect(() => {
    const reader = readerOf(client, environment)
    const stop = listen(environment, {
      state: setState,
      resumed: () => reader.everything(),
      messages: (messages) => {
        const news = digest(messages)
        takeTokens(tokens, messages)
        patch(client, environment, news)
        if (news.lost) reader.everything()
        else reader.touched(news.touched)
        setBeat(Date.now())
      },
    })
    return () => {
      stop()
      reader.stop()
    }
  }, [client, environment, tokens])

  return <Context value={{ state, beat, tokens }}>{children}</Context>
}

export function useLive(): Live {
  return useContext(Context)
}

/** The text that a step under way has made so far. */
export function useTokens(run: string, step: string): string | undefined {
  const { tokens } = useLive()
  return useSyncExternalStore(tokens.subscribe, () => tokens.text(run, step))
}

function takeTokens(tokens: TokenStore, messages: LiveMessage[]) {
  for (const message of messages) {
    if (message.type === 'token') tokens.append(message.run, message.step, message.text)
    // The text stays until the output is read, so that nothing flickers; another try begins anew.
    if (message.type === 'step' && message.state === 'running') tokens.clear(message.run, message.step)
  }
}

function patch(client: QueryClient, environment: string, news: Digest) {
  type Lists<Row> = InfiniteData<Page<Row>, string | undefined>
  const lists = <Row,>(key: string, change: (data: Lists<Row>) => Lists<Row>) =>
    client.setQueriesData<Lists<Row>>({ queryKey: [key, environment] }, (data) => data && change(data))
  lists<EventRow>('events', (data) => patchEvents(data, news))
  lists<RunRow>('runs', (data) => patchRuns(data, news))
  lists<DeliveryRow>('deliveries', (data) => patchDeliveries(data, news))
  client.setQueriesData<Trace>({ queryKey: ['trace'] }, (trace) =>
    trace && concerns(trace, news.touched) ? patchTrace(trace, news) : trace,
  )
}

function concerns(trace: Trace, touched: Set<string>): boolean {
  return touched.has(trace.id) || trace.runs.some((run) => touched.has(run.id))
}

/** Reads again what is on the screen and has changed, with pauses between. */
function readerOf(client: QueryClient, environment: string) {
  let waiting: ReturnType<typeof setTimeout> | undefined
  let touched = new Set<string>()
  let last = 0

  const read = () => {
    waiting = undefined
    last = Date.now()
    const now = touched
    touched = new Set()
    void readHeads(client, environment)
    void client.invalidateQueries({ queryKey: ['destination-deliveries', environment] })
    for (const query of client.getQueryCache().findAll({ queryKey: ['trace'], type: 'active' })) {
      const trace = query.state.data as Trace | undefined
      if (trace && concerns(trace, now))
        void client.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }
  }
  return {
    touched(ids: Set<string>) {
      for (const id of ids) touched.add(id)
      waiting ??= setTimeout(read, Math.max(0, last + READ_AGAIN_MS - Date.now()))
    },
    everything() {
      for (const key of ['events', 'runs', 'deliveries', 'trace', 'delivery', 'run']) {
        void client.invalidateQueries({ queryKey: [key] })
      }
    },
    stop: () => clearTimeout(waiting),
  }
}

/** Reads the newest page of each list on the screen and puts it before what the list has. */
async function readHeads(client: QueryClient, environment: string) {
  const heads: Record<string, (filter: Record<string, unknown>) => Promise<Page<{ id: string }>>> = {
    events: (filter) => eventPage(environment, filter as EventFilter),
    runs: (filter) => runPage(environment, filter as RunFilter),
    deliveries: (filter) => deliveryPage(environment, filter as DeliveryFilter),
  }
  for (const [key, head] of Object.entries(heads)) {
    for (const query of client.getQueryCache().findAll({ queryKey: [key, environment], type: 'active' })) {
      if (query.state.status !== 'success' || query.state.fetchStatus === 'fetching') continue
      // When the server cannot be reached, the live connection says so.
      const page = await head((query.queryKey[2] ?? {}) as Record<string, unknown>).catch(() => undefined)
      if (!page) continue
      client.setQueryData<InfiniteData<Page<{ id: string }>, string | undefined>>(query.queryKey, (data) =>
        data ? mergeHead(data, page) : data,
      )
    }
  }
}
