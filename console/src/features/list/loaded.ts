import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Page } from '~/api/queries'

/** What a list has of its records so far. */
export interface Loaded<Row> {
  rows: Row[]
  /** Nothing has come yet. */
  pending: boolean
  fetching: boolean
  error: unknown
  /** Tries again. */
  again: () => void
  /** There are older ones. */
  more?: { busy: boolean; load: () => void }
}

const NONE: never[] = []

/** A list that the API gives page by page. */
export function usePages<Row>(query: UseInfiniteQueryResult<InfiniteData<Page<Row>>>): Loaded<Row> {
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? NONE, [query.data])
  return {
    rows,
    pending: query.isPending,
    fetching: query.isFetching,
    error: query.error,
    again: () => void query.refetch(),
    ...(query.hasNextPage && {
      more: { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() },
    }),
  }
}

/** A list that the API gives at once; shown by name. */
export function useNamed<Row extends { name: string }>(query: UseQueryResult<Row[]>): Loaded<Row> {
  const rows = useMemo(
    () => (query.data ? [...query.data].sort((one, other) => one.name.localeCompare(other.name)) : NONE),
    [query.data],
  )
  return {
    rows,
    pending: query.isPending,
    fetching: query.isFetching,
    error: query.error,
    again: () => void query.refetch(),
  }
}
