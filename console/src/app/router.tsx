import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type RouterHistory,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { ApiProblem } from '~/api/problem'
import { DELIVERY_STATES, me, type RunStatus } from '~/api/queries'
import { type DeliverySearch, SINCE } from '~/features/deliveries/search'
import { EventsPage } from '~/features/events/EventsPage'
import { Broken, NotFound } from './Broken'
import { Frame } from './frame/Frame'

const RUN_STATUSES = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'parked']

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** Which events are listed: of which source, by id, and of which flow, by name. */
interface EventSearch {
  source?: string | undefined
  flow?: string | undefined
}

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
})

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string | undefined } => ({
    next: text(search.next),
  }),
  component: lazyRouteComponent(() => import('~/features/session/LoginPage'), 'LoginPage'),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('~/features/session/SetupPage'), 'SetupPage'),
})

/** Everything for members: without a session it leads to the login page, and back afterwards. */
const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  validateSearch: (search: Record<string, unknown>): { env?: string | undefined } => ({
    env: text(search.env),
  }),
  search: { middlewares: [retainSearchParams(['env'])] },
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(me())
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) {
        throw redirect({ to: '/login', search: { next: location.href } })
      }
      throw error
    }
  },
  component: Frame,
})

const index = createRoute({
  getParentRoute: () => frame,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/events', replace: true })
  },
})

const events = createRoute({
  getParentRoute: () => frame,
  path: '/events',
  validateSearch: (search: Record<string, unknown>): EventSearch => ({
    source: text(search.source),
    flow: text(search.flow),
  }),
  search: { middlewares: [retainSearchParams(['source', 'flow'])] },
  component: EventsPage,
})

/** Which run of an event, and which station of its thread. */
const station = (search: Record<string, unknown>): { run?: string | undefined; at?: string | undefined } => ({
  run: text(search.run),
  at: text(search.at),
})

const event = createRoute({
  getParentRoute: () => events,
  path: '$event',
  validateSearch: station,
  component: lazyRouteComponent(() => import('~/features/trace/EventPage'), 'EventPage'),
})

const jobs = createRoute({
  getParentRoute: () => frame,
  path: '/jobs',
  component: lazyRouteComponent(() => import('~/features/jobs/JobsPage'), 'JobsPage'),
})

const job = createRoute({
  getParentRoute: () => jobs,
  path: '$job',
  component: lazyRouteComponent(() => import('~/features/jobs/JobPage'), 'JobPage'),
})

const runs = createRoute({
  getParentRoute: () => frame,
  path: '/runs',
  validateSearch: (
    search: Record<string, unknown>,
  ): { flow?: string | undefined; status?: RunStatus | undefined } => ({
    flow: text(search.flow),
    status: RUN_STATUSES.includes(String(search.status)) ? (search.status as RunStatus) : undefined,
  }),
  search: { middlewares: [retainSearchParams(['flow', 'status'])] },
  component: lazyRouteComponent(() => import('~/features/runs/RunsPage'), 'RunsPage'),
})

const run = createRoute({
  getParentRoute: () => runs,
  path: '$run',
  validateSearch: (search: Record<string, unknown>): { at?: string | undefined } => ({ at: text(search.at) }),
  component: lazyRouteComponent(() => import('~/features/runs/RunPage'), 'RunPage'),
})

const deliveries = createRoute({
  getParentRoute: () => frame,
  path: '/deliveries',
  validateSearch: (search: Record<string, unknown>): DeliverySearch => ({
    state: DELIVERY_STATES.find((state) => state === search.state),
    destination: text(search.destination),
    flow: text(search.flow),
    since: SINCE.find((since) => since === search.since),
    from: text(search.from),
    to: text(search.to),
    // A status alone is read as a number.
    reason: text(typeof search.reason === 'number' ? String(search.reason) : search.reason),
  }),
  search: {
    middlewares: [retainSearchParams(['state', 'destination', 'flow', 'since', 'from', 'to', 'reason'])],
  },
  component: lazyRouteComponent(() => import('~/features/deliveries/DeliveriesPage'), 'DeliveriesPage'),
})

const delivery = createRoute({
  getParentRoute: () => deliveries,
  path: '$delivery',
  component: lazyRouteComponent(() => import('~/features/deliveries/DeliveryPage'), 'DeliveryPage'),
})

const flows = createRoute({
  getParentRoute: () => frame,
  path: '/flows',
  component: lazyRouteComponent(() => import('~/features/flows/FlowsPage'), 'FlowsPage'),
})

const flow = createRoute({
  getParentRoute: () => frame,
  path: '/flows/$name',
  validateSearch: (
    search: Record<string, unknown>,
  ): { version?: number | undefined; node?: string | undefined; run?: string | undefined } => ({
    version: typeof search.version === 'number' ? search.version : undefined,
    node: text(search.node),
    run: text(search.run),
  }),
  component: lazyRouteComponent(() => import('~/features/flows/FlowPage'), 'FlowPage'),
})

/** What a step that delivers says; shown with the data of a run, or of `examples`, the last run when none is named. */
const message = createRoute({
  getParentRoute: () => frame,
  path: '/flows/$name/nodes/$node/message',
  validateSearch: (search: Record<string, unknown>): { data?: string | undefined } => ({
    data: text(search.data),
  }),
  component: lazyRouteComponent(() => import('~/features/flows/message/MessagePage'), 'MessagePage'),
})

const sources = createRoute({
  getParentRoute: () => frame,
  path: '/sources',
  component: lazyRouteComponent(() => import('~/features/sources/SourcesPage'), 'SourcesPage'),
})

const newSource = createRoute({
  getParentRoute: () => sources,
  path: 'new',
  component: lazyRouteComponent(() => import('~/features/sources/NewSourcePage'), 'NewSourcePage'),
})

const SOURCE_TABS = ['listen', 'samples', 'call', 'fields', 'settings'] as const

/** Which side of a source is shown (its requests when none is named), and which of its requests or samples. */
export interface SourceSearch {
  tab?: (typeof SOURCE_TABS)[number] | undefined
  request?: string | undefined
  sample?: string | undefined
}

const source = createRoute({
  getParentRoute: () => sources,
  path: '$source',
  validateSearch: (search: Record<string, unknown>): SourceSearch => ({
    tab: SOURCE_TABS.find((tab) => tab === search.tab),
    request: text(search.request),
    sample: text(search.sample),
  }),
  component: lazyRouteComponent(() => import('~/features/sources/SourcePage'), 'SourcePage'),
})

const destinations = createRoute({
  getParentRoute: () => frame,
  path: '/destinations',
  component: lazyRouteComponent(() => import('~/features/destinations/DestinationsPage'), 'DestinationsPage'),
})

const newDestination = createRoute({
  getParentRoute: () => destinations,
  path: 'new',
  validateSearch: (search: Record<string, unknown>): { kind?: string | undefined } => ({
    kind: text(search.kind),
  }),
  component: lazyRouteComponent(
    () => import('~/features/destinations/NewDestinationPage'),
    'NewDestinationPage',
  ),
})

const DESTINATION_TABS = ['test', 'keys', 'settings'] as const

/** Which side of a destination is shown; its health when none is named. */
export interface DestinationSearch {
  tab?: (typeof DESTINATION_TABS)[number] | undefined
}

const destination = createRoute({
  getParentRoute: () => destinations,
  path: '$destination',
  validateSearch: ({ tab }: Record<string, unknown>): DestinationSearch => ({
    tab: DESTINATION_TABS.find((known) => known === tab),
  }),
  component: lazyRouteComponent(() => import('~/features/destinations/DestinationPage'), 'DestinationPage'),
})

const nodes = createRoute({
  getParentRoute: () => frame,
  path: '/nodes',
  component: lazyRouteComponent(() => import('~/features/nodes/NodesPage'), 'NodesPage'),
})

const tree = root.addChildren([
  login,
  setup,
  frame.addChildren([
    index,
    events.addChildren([event]),
    jobs.addChildren([job]),
    runs.addChildren([run]),
    deliveries.addChildren([delivery]),
    sources.addChildren([newSource, source]),
    destinations.addChildren([newDestination, destination]),
    flows,
    flow,
    message,
    nodes,
  ]),
])

/** The router; tests give a history of their own. */
export function makeRouter(client: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    context: { client },
    ...(history && { history }),
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: Broken,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: false,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
