import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'
import { PAGE, type Page } from './queries'

export type LetterJob = Schemas['LetterJob']
export type LetterFilter = Schemas['WhichLetters']
export type LetterAction = 'replay' | 'discard'

/** How often it is looked how far a job is. */
const LOOK_MS = 500

/** How often it is looked whether somebody else has begun one. */
const LIST_MS = 5_000

/** Whether more comes of a job by itself. */
export const goesOn = ({ status }: { status: string }) => status === 'queued' || status === 'running'

/** What was done with many dead letters, the newest first. */
export const letterJobs = (environment: string) =>
  infiniteQueryOptions({
    queryKey: ['letter-jobs', environment],
    queryFn: ({ pageParam }): Promise<Page<LetterJob>> => {
      const query = { limit: PAGE, ...(pageParam && { before: pageParam }) }
      const params = { path: { environment }, query }
      return answered(api.GET('/api/v1/environments/{environment}/deliveries/jobs', { params }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<LetterJob>) => page.next ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(goesOn)) ? LOOK_MS : LIST_MS,
  })

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

/** What changes with a dead letter. */
const CHANGED = ['deliveries', 'delivery', 'trace', 'letter-jobs', 'matching-letters'] as const

function useChanged() {
  const client = useQueryClient()
  return () => Promise.all(CHANGED.map((key) => client.invalidateQueries({ queryKey: [key] })))
}

/** Replays or discards many dead letters, by a job; gives its id, or none when there are no such letters any more. */
export function useManyLetters(environment: string, action: LetterAction) {
  const onSettled = useChanged()
  return useMutation({
    mutationFn: (filter: LetterFilter) => order(environment, action, { filter }),
    onSettled,
  })
}

/** Lets a job begin nothing more. */
export function useCancelLetters() {
  const onSettled = useChanged()
  return useMutation({
    mutationFn: (id: string) => answered(api.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } } })),
    onSettled,
  })
}

/** Sends another message in place of a dead letter; gives the id of the new delivery. */
export function useEditLetter(id: string) {
  const onSettled = useChanged()
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
  const onSettled = useChanged()
  return useMutation({
    mutationFn: () => answered(api.POST('/api/v1/deliveries/{id}/discard', { params: { path: { id } } })),
    onSettled,
  })
}
