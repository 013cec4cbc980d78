import { keepPreviousData, queryOptions, useMutation } from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'
import { useJobsChanged } from './jobs'

export type LetterFilter = Schemas['WhichLetters']
export type LetterAction = 'replay' | 'discard'

function order(environment: string, action: LetterAction, body: Schemas['ManyLetters']) {
  const params = { path: { environment } }
  return answered(
    action === 'replay'
      ? api.POST('/api/v1/environments/{environment}/deliveries/replay', { params, body })
      : api.POST('/api/v1/environments/{environment}/deliveries/discard', { params, body }),
  )
}

/** How many dead letters a filter means. */
export const matchingLetters = (environment: string, filter: LetterFilter) =>
  queryOptions({
    queryKey: ['matching-letters', environment, filter],
    queryFn: async () => (await order(environment, 'replay', { filter, dry_run: true })).matching,
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  })

/** Replays or discards many dead letters, by a job; gives its id, or none when there are no such letters any more. */
export function useManyLetters(environment: string, action: LetterAction) {
  const onSettled = useJobsChanged()
  return useMutation({
    mutationFn: (filter: LetterFilter) => order(environment, action, { filter }),
    onSettled,
  })
}

/** Sends another message in place of a dead letter; gives the id of the new delivery. */
export function useEditLetter(id: string) {
  const onSettled = useJobsChanged()
  return useMutation({
    mutationFn: (message: unknown) =>
      answered(
        api.POST('/api/v1/deliveries/{id}/edit', {
          params: { path: { id } },
          body: { message } as Schemas['Edited'],
        }),
      ),
    onSettled,
  })
}

/** Gives a dead letter up. */
export function useDiscardLetter(id: string) {
  const onSettled = useJobsChanged()
  return useMutation({
    mutationFn: () => answered(api.POST('/api/v1/deliveries/{id}/discard', { params: { path: { id } } })),
    onSettled,
  })
}
