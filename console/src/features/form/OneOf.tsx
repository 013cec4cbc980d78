import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiProblem } from '~/api/problem'
import { Problem } from '~/ui/Problem'
import { TraceSkeleton } from '../trace/TraceSkeleton'

interface OneOfProps<T> {
  /** The list that it is one of. */
  query: UseQueryResult<T[]>
  id: string
  children: (one: T) => ReactNode
}

/** One record of a list that is read whole, or why there is none. */
export function OneOf<T extends { id: string }>({ query, id, children }: OneOfProps<T>) {
  if (query.isPending) return <TraceSkeleton />
  // What is known stays while a look at it fails.
  if (query.isError && !query.data) return <Problem error={query.error} retry={() => void query.refetch()} />
  const one = query.data.find((known) => known.id === id)
  if (one) return children(one)
  if (query.isFetching) return <TraceSkeleton />
  return <Problem error={new ApiProblem({ status: 404, code: 'not_found' })} />
}
