import { type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { FormSchemas } from '~/features/form/draft'
import type { Schema } from '~/ui/form/schema'
import { answered, api, type Schemas } from './client'

export type DestinationView = Schemas['DestinationView']
export type TrialView = Schemas['TrialView']

/** A kind of destination, with the schemas of what it is told. */
export interface DestinationKind extends FormSchemas {
  name: string
  description: string
  /** The schema of what its messages say; null where that is any JSON. */
  message?: Schema | null
}

/** A destination as it is sent to the API, which takes whatever fits its kind's schema. */
export interface DestinationDraft {
  name: string
  config: Record<string, unknown>
  /** Only those that change: null takes one away, what is not named stays. */
  secrets?: Record<string, unknown> | undefined
  /** The `updated_at` that this is a change of: what somebody else has saved since is not overwritten. */
  unless_changed_since?: string
}

/** What is tried: a message, and settings that are not saved, where there are any. */
export interface Trial {
  body: unknown
  draft?: DestinationDraft | undefined
}

/** Where it is tried: a destination by its id, or an environment that it is not made in yet. */
export type TrialPlace = { id: string } | { environment: string }

/** A signing key that was just made: the only time that its secret is shown. */
export type NewKey = Schemas['NewKeyView']

/** How a destination's signing keys are replaced. */
export type Rotation = Schemas['RotateKeysInput']

/** How often it is looked how destinations do: nobody tells of queues and breakers. */
export const HEALTH_EVERY_MS = 3_000

/** How many of a destination's deliveries its page shows. */
const RECENT = 20

/** The kinds of destinations. */
export const destinationKinds = () =>
  queryOptions({
    queryKey: ['destination-kinds'],
    queryFn: async () =>
      (await answered(api.GET('/api/v1/destination-kinds'))) as unknown as DestinationKind[],
    // They change with the server's version alone.
    staleTime: Number.POSITIVE_INFINITY,
  })

/** A destination's newest deliveries. */
export const recentDeliveries = (environment: string, destination: string) =>
  queryOptions({
    queryKey: ['destination-deliveries', environment, destination],
    queryFn: async () => {
      const page = await answered(
        api.GET('/api/v1/environments/{environment}/deliveries', {
          params: { path: { environment }, query: { limit: RECENT, destination } },
        }),
      )
      return page.items
    },
    refetchInterval: HEALTH_EVERY_MS,
  })

const asInput = (draft: DestinationDraft) => draft as unknown as Schemas['DestinationInput']

/** Makes a destination in an environment. */
export function useCreateDestination(environment: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (draft: DestinationDraft) =>
      answered(
        api.POST('/api/v1/environments/{environment}/destinations', {
          params: { path: { environment } },
          body: asInput(draft),
        }),
      ),
    onSettled: () => changed(client),
  })
}

/** Changes a destination. */
export function useUpdateDestination(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (draft: DestinationDraft) =>
      answered(api.PUT('/api/v1/destinations/{id}', { params: { path: { id } }, body: asInput(draft) })),
    onSettled: () => changed(client),
  })
}

/** Replaces a destination's signing keys; gives the new ones. */
export function useRotateKeys(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (rotation: Rotation) =>
      answered(api.POST('/api/v1/destinations/{id}/rotate', { params: { path: { id } }, body: rotation })),
    onSettled: () => changed(client),
  })
}

/** Deletes a destination that nothing waits for. */
export function useDeleteDestination(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answered(api.DELETE('/api/v1/destinations/{id}', { params: { path: { id } } })),
    onSettled: () => changed(client),
  })
}

/** Lets a destination that was switched off take deliveries again. */
export function useEnable(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answered(api.POST('/api/v1/destinations/{id}/enable', { params: { path: { id } } })),
    onSettled: () => changed(client),
  })
}

/** Switches a destination off, for a reason. */
export function useDisable(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (reason: string) =>
      answered(api.POST('/api/v1/destinations/{id}/disable', { params: { path: { id } }, body: { reason } })),
    onSettled: () => changed(client),
  })
}

/** Closes a destination's breaker, so that what waits is tried now. */
export function useCloseBreaker(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answered(api.POST('/api/v1/destinations/{id}/close_breaker', { params: { path: { id } } })),
    onSettled: () => changed(client),
  })
}

/** Sends one message outside the queue. */
export function useTest(place: TrialPlace) {
  return useMutation({
    mutationFn: (trial: Trial) => {
      const body = trialInput(trial)
      return answered(
        'id' in place
          ? api.POST('/api/v1/destinations/{id}/test', { params: { path: place }, body })
          : api.POST('/api/v1/environments/{environment}/destinations/test', {
              params: { path: place },
              body,
            }),
      )
    },
  })
}

/** Shows what would be sent. */
export function usePreview(place: TrialPlace) {
  return useMutation({
    mutationFn: (trial: Trial) => {
      const body = trialInput(trial)
      return answered(
        'id' in place
          ? api.POST('/api/v1/destinations/{id}/preview', { params: { path: place }, body })
          : api.POST('/api/v1/environments/{environment}/destinations/preview', {
              params: { path: place },
              body,
            }),
      )
    },
  })
}

function trialInput({ body, draft }: Trial) {
  const { config, secrets } = draft ?? {}
  return { body, ...(config && { config }), ...(secrets && { secrets }) } as unknown as Schemas['TrialInput']
}

function changed(client: QueryClient) {
  return client.invalidateQueries({ queryKey: ['destinations'] })
}
