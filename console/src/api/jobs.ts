import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'
import { PAGE, type Page, paging } from './queries'

export type LetterJob = Schemas['LetterJob']
export type ReplayJob = Schemas['ReplayJob']
export type ReplayDetail = Schemas['ReplayDetail']
export type ReplayedEvent = Schemas['ReplayedEvent']

/** What is done with many events, or with many dead letters. */
export type BulkJob = ReplayJob | LetterJob

/** How often it is looked how far a job is. */
const LOOK_MS = 500

/** How often it is looked whether somebody else has begun one. */
const LIST_MS = 5_000

/** Whether more comes of a job by itself. */
export const goesOn = ({ status }: { status: string }) => status === 'queued' || status === 'running'

/** Whether a job is about dead letters, not about events. */
export const isLetters = (job: BulkJob): job is LetterJob => 'action' in job

/** The jobs of an environment, the newest first. */
export const bulkJobs = (environment: string) =>
  infiniteQueryOptions({
    queryKey: ['jobs', environment],
    queryFn: ({ pageParam }): Promise<Page<BulkJob>> => {
      const query = { limit: PAGE, ...(pageParam && { before: pageParam }) }
      return answered(
        api.GET('/api/v1/environments/{environment}/jobs', { params: { path: { environment }, query } }),
      )
    },
    ...paging,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(goesOn)) ? LOOK_MS : LIST_MS,
  })

/** One job. */
export const bulkJob = (id: string) =>
  queryOptions({
    queryKey: ['job', id],
    queryFn: async () => {
      const job = await answered(api.GET('/api/v1/jobs/{id}', { params: { path: { id } } }))
      return job as BulkJob
    },
    refetchInterval: ({ state }) => (state.data && goesOn(state.data) ? LOOK_MS : false),
  })

/** A replay with what failed and its newest runs. */
export const replay = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'replay'],
    queryFn: () => answered(api.GET('/api/v1/replays/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && goesOn(state.data) ? LOOK_MS : false),
  })

/** What changes with a job of dead letters. */
const CHANGED = ['jobs', 'job', 'deliveries', 'delivery', 'trace', 'matching-letters'] as const

/** Has all that a job can change read again. */
export function useJobsChanged() {
  const client = useQueryClient()
  return () => Promise.all(CHANGED.map((key) => client.invalidateQueries({ queryKey: [key] })))
}

/** Lets a job begin nothing more. */
export function useCancelJob() {
  const onSettled = useJobsChanged()
  return useMutation({
    mutationFn: (id: string) => answered(api.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } } })),
    onSettled,
  })
}
