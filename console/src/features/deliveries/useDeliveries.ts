import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { type DeliveryFilter, type DeliveryRow, deliveries, PAGE } from '~/api/queries'
import { type Loaded, usePages } from '../list/loaded'
import { type DeliverySearch, filterOf } from './search'

/** How many pages are asked for on their own behalf. */
const FURTHER = 10

/** What the API is asked for. A span counts back from when it was chosen. */
export function useFilter(search: DeliverySearch): DeliveryFilter {
  const { state, destination, flow, since, from, to, reason } = search
  return useMemo(
    () => filterOf({ state, destination, flow, since, from, to, reason }, Date.now()),
    [state, destination, flow, since, from, to, reason],
  )
}

/**
 * The deliveries that fit. The server looks through so many at once, so a page may be short and have others behind it:
 * these are asked for at once, but not without end.
 */
export function useDeliveries(environment: string, filter: DeliveryFilter): Loaded<DeliveryRow> {
  const query = useInfiniteQuery(deliveries(environment, filter))
  const loaded = usePages(query)
  const { hasNextPage, isFetching, isError, fetchNextPage } = query
  const isShort = loaded.rows.length < PAGE && (query.data?.pages.length ?? 0) < FURTHER
  const goes = hasNextPage && isShort && !isFetching && !isError
  useEffect(() => {
    if (goes) void fetchNextPage()
  }, [goes, fetchNextPage])
  return loaded
}
