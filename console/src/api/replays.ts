import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'
import { PAGE, type Page, paging } from './queries'

export type ReplayVersion = Schemas['ReplayVersion']
export type ReplayFilter = Schemas['ReplayWhich']
export type ReplayedEvent = Schemas['ReplayedEvent']
export type ReplayJob = Schemas['ReplayJob']
export type ReplayDetail = Schemas['ReplayDetail']

/** How often it is looked how far a replay is. */
const LOOK_MS = 500

/** How often it is looked whether somebody else has begun one. */
const LIST_MS = 5_000

/** Whether more comes of a replay by itself. */
export const goesOn = ({ status }: { status: string }) => status === 'queued' || status === 'running'

export const replays = (environment: string) =>
  infiniteQueryOptions({
    queryKey: ['replays', environment],
    queryFn: ({ pageParam }): Promise<Page<ReplayJob>> => {
      const query = { limit: PAGE, ...(pageParam && { before: pageParam }) }
      return answered(
        api.GET('/api/v1/environments/{environment}/replays', { params: { path: { environment }, query } }),
      )
    },
    ...paging,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(goesOn)) ? LOOK_MS : LIST_MS,
  })

export const replay = (id: string) =>
  queryOptions({
    queryKey: ['replay', id],
    queryFn: () => answered(api.GET('/api/v1/replays/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && goesOn(state.data) ? LOOK_MS : false),
  })

function order(environment: string, body: Schemas['ReplayMany']) {
  return answered(
    api.POST('/api/v1/environments/{environment}/events/replay', { params: { path: { environment } }, body }),
  )
}

/** How many events a filter means. */
export const matching = (environment: string, filter: ReplayFilter) =>
  queryOptions({
    queryKey: ['matching', environment, filter],
    queryFn: async () => (await order(environment, { filter, dry_run: true })).matching,
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  })

/** Runs many events again, by a job; gives its id, or none when there are no such events any more. */
export function useReplayEvents(environment: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: { filter: ReplayFilter; version: ReplayVersion }) => order(environment, body),
    onSettled: () => client.invalidateQueries({ queryKey: ['replays'] }),
  })
}

/** Lets a replay of many events begin nothing more. */
export function useCancelReplay() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => answered(api.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } } })),
    onSettled: () =>
      Promise.all(['replays', 'replay'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  })
}

/** Has a refused request judged again. */
export function useReplayRefusal(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answered(api.POST('/api/v1/refusals/{id}/replay', { params: { path: { id } } })),
    onSettled: () =>
      Promise.all(
        [['refusal', id], ['refusals'], ['events']].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  })
}
