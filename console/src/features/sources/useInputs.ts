import { useQuery } from '@tanstack/react-query'
import { flow as flowQuery, type SourceView, version as versionQuery } from '~/api/queries'
import { useNames } from '~/app/environment'
import type { FlowInput } from './config'

/**
 * The inputs of the version that serves a source's environment or, before there is one, of the draft; nothing while
 * they are loaded.
 */
export function useInputs(source: SourceView): Record<string, FlowInput> | undefined {
  const name = useNames(source.environment).flow(source.flow)
  const { data } = useQuery({ ...flowQuery(name ?? ''), enabled: name !== undefined })
  const served = data?.deployments.find(({ environment }) => environment === source.environment)?.version
  const version = useQuery({
    ...versionQuery(name ?? '', served ?? 0),
    enabled: name !== undefined && served !== undefined,
  })
  const graph = served === undefined ? data?.graph : version.data?.graph
  if (!data || (served !== undefined && version.isPending)) return undefined
  return (graph?.inputs ?? {}) as Record<string, FlowInput>
}
