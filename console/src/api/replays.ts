import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'

export type ReplayVersion = Schemas['ReplayVersion']
export type ReplayFilter = Schemas['ReplayWhich']

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
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
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
