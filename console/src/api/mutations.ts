import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'

/** Runs an event again, in a run of its own; gives that run's id. */
export function useReplayEvent(event: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (version: Schemas['ReplayVersion']) =>
      answered(
        api.POST('/api/v1/events/{id}/replay', { params: { path: { id: event } }, body: { version } }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['trace', event] }),
  })
}

/** Sends a dead letter again, under its old id. */
export function useReplayDelivery() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      answered(api.POST('/api/v1/deliveries/{id}/replay', { params: { path: { id } } })),
    onSettled: () =>
      Promise.all(
        ['deliveries', 'delivery', 'trace'].map((key) => client.invalidateQueries({ queryKey: [key] })),
      ),
  })
}

/** Cancels a run that is under way. */
export function useCancelRun() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => answered(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['trace'] }),
  })
}

/** Publishes a flow's draft as an immutable version. */
export function usePublish(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (note: string) =>
      answered(api.POST('/api/v1/flows/{name}/versions', { params: { path: { name } }, body: { note } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['flow', name] }),
  })
}

/** Saves a flow's draft, as the YAML that it is. */
export function useSaveDraft(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (definition: string) =>
      answered(api.PUT('/api/v1/flows/{name}', { params: { path: { name } }, body: { definition } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['flow', name] }),
  })
}

/** Lets a version serve its flow in an environment. */
export function useDeploy(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (to: Schemas['DeployTo']) =>
      answered(api.POST('/api/v1/flows/{name}/deployments', { params: { path: { name } }, body: to })),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['flow', name] }),
        client.invalidateQueries({ queryKey: ['flows'] }),
      ]),
  })
}

/** A source as it is sent to the API, which takes whatever fits the source's schema. */
export interface SourceDraft {
  name: string
  /** By name. */
  flow: string
  /** A webhook when it is not said; it never changes. */
  kind?: string
  config: Record<string, unknown>
  secrets?: Record<string, unknown> | undefined
  enabled: boolean
  /** The `updated_at` that this is a change of: what somebody else has saved since is not overwritten. */
  unless_changed_since?: string
}

const asInput = (draft: SourceDraft) => draft as unknown as Schemas['SourceInput']

/** Makes a source in an environment. */
export function useCreateSource(environment: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (draft: SourceDraft) =>
      answered(
        api.POST('/api/v1/environments/{environment}/sources', {
          params: { path: { environment } },
          body: asInput(draft),
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
}

/** Changes a source; what is left out of the secrets stays as it is. */
export function useUpdateSource(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (draft: SourceDraft) =>
      answered(api.PUT('/api/v1/sources/{id}', { params: { path: { id } }, body: asInput(draft) })),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
}

/** Gives a source's senders other secrets; those they have are taken for the overlap as well. */
export function useRotateSource(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schemas['RotateInput']) =>
      answered(api.POST('/api/v1/sources/{id}/rotate', { params: { path: { id } }, body })),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
}

/** Deletes a source; its events stay. */
export function useDeleteSource(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answered(api.DELETE('/api/v1/sources/{id}', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  })
}

/** Keeps a request of a source under a name; a sample of that name gives way. */
export function usePinSample(source: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ name, request }: { name: string; request: Schemas['Pin'] }) =>
      answered(
        api.PUT('/api/v1/sources/{id}/samples/{name}', {
          params: { path: { id: source, name } },
          body: request,
        }),
      ),
    onSettled: () => samplesChanged(client, source),
  })
}

/** Deletes a sample of a source. */
export function useDeleteSample(source: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) =>
      answered(api.DELETE('/api/v1/sources/{id}/samples/{name}', { params: { path: { id: source, name } } })),
    onSettled: () => samplesChanged(client, source),
  })
}

function samplesChanged(client: QueryClient, source: string) {
  return Promise.all(
    ['samples', 'inferred'].map((key) => client.invalidateQueries({ queryKey: [key, source] })),
  )
}
