import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'

export type EventRow = Schemas['EventRow']
export type RunRow = Schemas['RunRow']
export type DeliveryRow = Schemas['DeliveryRow']
export type Trace = Schemas['Trace']
export type RunTrace = Schemas['RunTrace']
export type StepTrace = Schemas['StepTrace']
export type DeliveryTrace = Schemas['DeliveryTrace']
export type FlowSummary = Schemas['FlowSummary']
export type FlowDetail = Awaited<ReturnType<typeof readFlow>>
export type GraphView = NonNullable<FlowDetail['graph']>
export type RefusalRow = Schemas['RefusalRow']
export type SourceView = Schemas['SourceView']
export type DestinationView = Schemas['DestinationView']
export type NodeRow = Schemas['Node']

/** A page of a list, newest first; `next` leads to the older ones. */
export interface Page<Row> {
  items: Row[]
  next?: string | null
}

export interface RunFilter {
  flow?: string | undefined
  status?: RunStatus | undefined
}

/** Where a run stands. */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'parked'

/** Rows in a page. */
export const PAGE = 50

/** Names change seldom: sources, destinations, flows, environments. */
const NAMES_STALE_MS = 30_000

/** Nodes tell no live connection that they are there: they are asked for, about as often as they beat. */
const NODES_EVERY_MS = 5_000

/** How often it is looked where schedules stand. */
const SCHEDULES_EVERY_MS = 10_000

/** How a list goes on. */
export const paging = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: Page<unknown>) => page.next ?? undefined,
}

export const me = () =>
  queryOptions({ queryKey: ['me'], queryFn: () => answered(api.GET('/api/v1/me')), staleTime: 60_000 })

export const environments = () =>
  queryOptions({
    queryKey: ['environments'],
    queryFn: () => answered(api.GET('/api/v1/environments')),
    staleTime: NAMES_STALE_MS,
  })

export const flows = () =>
  queryOptions({
    queryKey: ['flows'],
    queryFn: () => answered(api.GET('/api/v1/flows')),
    staleTime: NAMES_STALE_MS,
  })

export const flow = (name: string) =>
  queryOptions({
    queryKey: ['flow', name],
    queryFn: () => readFlow(name),
  })

function readFlow(name: string) {
  return answered(api.GET('/api/v1/flows/{name}', { params: { path: { name } } }))
}

export const version = (name: string, number: number) =>
  queryOptions({
    queryKey: ['flow', name, 'version', number],
    queryFn: () =>
      answered(api.GET('/api/v1/flows/{name}/versions/{number}', { params: { path: { name, number } } })),
    // A version never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })

export const sources = (environment: string) =>
  queryOptions({
    queryKey: ['sources', environment],
    queryFn: () =>
      answered(api.GET('/api/v1/environments/{environment}/sources', { params: { path: { environment } } })),
    staleTime: NAMES_STALE_MS,
    // A schedule goes on by itself.
    refetchInterval: ({ state }) =>
      state.data?.some(({ kind }) => kind === 'schedule') ? SCHEDULES_EVERY_MS : false,
  })

/** The times that a schedule would tick next. */
export const preview = (cron: string, time_zone: string) =>
  queryOptions({
    queryKey: ['preview', cron, time_zone],
    queryFn: () => answered(api.POST('/api/v1/schedules/preview', { body: { cron, time_zone } })),
    // What is wrong stays wrong.
    retry: false,
    gcTime: 60_000,
    refetchInterval: SCHEDULES_EVERY_MS,
  })

/** What a source may be told, by JSON Schema, and the codes it refuses with. */
export const sourceSchema = () =>
  queryOptions({
    queryKey: ['source-schema'],
    queryFn: () => answered(api.GET('/api/v1/source-schema')),
    // It changes with the server's version alone.
    staleTime: Number.POSITIVE_INFINITY,
  })

/** The requests that were pinned to a source. */
export const samples = (source: string) =>
  queryOptions({
    queryKey: ['samples', source],
    queryFn: () => answered(api.GET('/api/v1/sources/{id}/samples', { params: { path: { id: source } } })),
  })

/** The fields that requests of a source have. */
export const inferred = (source: string, examples: Schemas['Examples']) =>
  queryOptions({
    queryKey: ['inferred', source, examples],
    queryFn: () =>
      answered(api.POST('/api/v1/sources/{id}/infer', { params: { path: { id: source } }, body: examples })),
    // A request never changes; what is pinned or deleted says so.
    staleTime: Number.POSITIVE_INFINITY,
  })

export const destinations = (environment: string) =>
  queryOptions({
    queryKey: ['destinations', environment],
    queryFn: () =>
      answered(
        api.GET('/api/v1/environments/{environment}/destinations', { params: { path: { environment } } }),
      ),
    staleTime: NAMES_STALE_MS,
  })

export interface EventFilter {
  /** By id. */
  source?: string | undefined
  /** By name. */
  flow?: string | undefined
}

export function eventPage(environment: string, filter: EventFilter, before?: string) {
  const { source, flow } = filter
  const query = { limit: PAGE, ...(source && { source }), ...(flow && { flow }), ...(before && { before }) }
  return answered(
    api.GET('/api/v1/environments/{environment}/events', { params: { path: { environment }, query } }),
  )
}

export const events = (environment: string, { source, flow }: EventFilter = {}) =>
  infiniteQueryOptions({
    queryKey: ['events', environment, { source, flow }],
    queryFn: ({ pageParam }): Promise<Page<EventRow>> => eventPage(environment, { source, flow }, pageParam),
    ...paging,
  })

export function runPage(environment: string, filter: RunFilter, before?: string) {
  const { flow, status } = filter
  const query = { limit: PAGE, ...(flow && { flow }), ...(status && { status }), ...(before && { before }) }
  return answered(
    api.GET('/api/v1/environments/{environment}/runs', { params: { path: { environment }, query } }),
  )
}

export const runs = (environment: string, filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ['runs', environment, filter],
    queryFn: ({ pageParam }): Promise<Page<RunRow>> => runPage(environment, filter, pageParam),
    ...paging,
  })

/** Where a delivery can stand. */
export const DELIVERY_STATES = ['pending', 'blocked', 'delivered', 'dead', 'discarded', 'replaced'] as const

export interface DeliveryFilter {
  state?: (typeof DELIVERY_STATES)[number] | undefined
  /** By id. */
  destination?: string | undefined
  /** By name. */
  flow?: string | undefined
  /** When they were made. */
  from?: string | undefined
  to?: string | undefined
  /** What the last attempt of a dead letter says. */
  reason?: string | undefined
}

/** A filter as the API takes it: without what is not said. */
export function deliveryQuery(filter: DeliveryFilter): Record<string, string> {
  const { reason, ...others } = filter
  // Only dead letters are looked into.
  const all = { ...others, reason: filter.state === 'dead' ? reason : undefined }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]))
}

export function deliveryPage(environment: string, filter: DeliveryFilter, before?: string) {
  const query = { limit: PAGE, ...deliveryQuery(filter), ...(before && { before }) }
  return answered(
    api.GET('/api/v1/environments/{environment}/deliveries', { params: { path: { environment }, query } }),
  )
}

export const deliveries = (environment: string, filter: DeliveryFilter) =>
  infiniteQueryOptions({
    queryKey: ['deliveries', environment, filter],
    queryFn: ({ pageParam }): Promise<Page<DeliveryRow>> => deliveryPage(environment, filter, pageParam),
    ...paging,
  })

export const refusals = (environment: string, source: string) =>
  infiniteQueryOptions({
    queryKey: ['refusals', environment, { source }],
    queryFn: ({ pageParam }): Promise<Page<RefusalRow>> => refusalPage(environment, source, pageParam),
    ...paging,
  })

export function refusalPage(environment: string, source: string, before?: string) {
  const query = { source, limit: PAGE, ...(before && { before }) }
  return answered(
    api.GET('/api/v1/environments/{environment}/refusals', { params: { path: { environment }, query } }),
  )
}

export const refusal = (id: string) =>
  queryOptions({
    queryKey: ['refusal', id],
    queryFn: () => answered(api.GET('/api/v1/refusals/{id}', { params: { path: { id } } })),
    // What was refused never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })

export const trace = (event: string) =>
  queryOptions({
    queryKey: ['trace', event],
    queryFn: () => answered(api.GET('/api/v1/events/{id}', { params: { path: { id: event } } })),
  })

export const nodes = () =>
  queryOptions({
    queryKey: ['nodes'],
    queryFn: () => answered(api.GET('/api/v1/nodes')),
    refetchInterval: NODES_EVERY_MS,
    // Who was alive some minutes ago is not shown again, not even for a moment.
    gcTime: 0,
  })
