import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { answered, api, type Schemas } from './client'

export type RehearsalView = Schemas['RehearsalView']
export type FlowProblem = Schemas['FlowProblem']

/** Something that an expression of a step can name; `value` is what it is in the data given, shortened. */
export type Variable = Omit<Schemas['VariableView'], 'value'> & { value?: unknown }

/** A step, and where it would send. */
export interface Step {
  flow: string
  node: string
  environment: string
}

/** By which text, and with whose data: without a run the examples of the flow's inputs are taken. */
export interface Rehearsal {
  definition: string
  run?: string | undefined
}

const path = ({ flow, node, environment }: Step) => ({
  path: { name: flow, node },
  query: { environment },
})

const body = ({ definition, run }: Rehearsal) => ({ definition, ...(run && { run }) }) as Schemas['Rehearsal']

/** What a step would send. */
export const rehearsal = (step: Step, rehearsal: Rehearsal) =>
  queryOptions({
    queryKey: ['rehearsal', step, rehearsal],
    queryFn: () =>
      answered(
        api.POST('/api/v1/flows/{name}/nodes/{node}/preview', {
          params: path(step),
          body: body(rehearsal),
        }),
      ),
    placeholderData: keepPreviousData,
    // What is wrong in a text stays wrong.
    retry: false,
    gcTime: 10_000,
  })

/** What the step's expressions can name. */
export const variables = (step: Step, rehearsal: Rehearsal) =>
  queryOptions({
    queryKey: ['variables', step, rehearsal],
    queryFn: async () =>
      (await answered(
        api.POST('/api/v1/flows/{name}/nodes/{node}/variables', {
          params: path(step),
          body: body(rehearsal),
        }),
      )) as Variable[],
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 10_000,
  })

/** Sends once what the step would send. */
export function useTestStep(step: Step) {
  return useMutation({
    mutationFn: (rehearsal: Rehearsal) =>
      answered(
        api.POST('/api/v1/flows/{name}/nodes/{node}/test', { params: path(step), body: body(rehearsal) }),
      ),
  })
}

/** Saves a draft that was changed at this revision; without one, whatever stands there is replaced. */
export function useReviseDraft(flow: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ definition, revision }: { definition: string; revision?: number }) =>
      answered(
        api.PUT('/api/v1/flows/{name}', {
          params: { path: { name: flow } },
          body: { definition, ...(revision !== undefined && { revision }) },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['flow', flow] }),
  })
}
