import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type RunRow, runs as runsQuery } from '~/api/queries'
import { useEnvironment } from '~/app/environment'

/** How many of the last runs can be chosen. */
const LAST = 30

/** Made-up data: the examples of the flow's inputs. */
export const EXAMPLES = 'examples'

/** Whose data a message is shown with. */
export interface Data {
  /** Whether it is known which run is the last. */
  ready: boolean
  /** The run's id; undefined for examples. */
  run: string | undefined
  runs: RunRow[]
  choose: (run: string) => void
}

/** The data that the address names: a run's, the last run's, or examples. */
export function useData(flow: string): Data {
  const { data } = useSearch({ from: '/frame/flows/$name/nodes/$node/message' })
  const here = useNavigate({ from: '/flows/$name/nodes/$node/message' })
  const query = useInfiniteQuery(runsQuery(useEnvironment(), { flow, status: undefined }))
  const runs = (query.data?.pages[0]?.items ?? []).slice(0, LAST)
  // The last run stays the one that was the last when this was opened: others come while somebody writes.
  const [last, setLast] = useState<string>()
  const newest = runs[0]?.id
  if (last === undefined && newest !== undefined) setLast(newest)
  return {
    ready: data !== undefined || !query.isPending,
    run: data === EXAMPLES ? undefined : (data ?? last ?? newest),
    runs,
    choose: (run) => void here({ search: (before) => ({ ...before, data: run }), replace: true }),
  }
}
