import { type InfiniteData, type QueryClient, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { mergeHead } from '~/api/live/digest'
import { asProblem } from '~/api/problem'
import { eventPage, events, type Page, refusalPage, refusals } from '~/api/queries'
import { type Listed, mergedRequests, type RequestRow } from './requests'

/** Refused requests, and those that a filter held back, are told over no live connection: they are asked for. */
const ASK_AGAIN_MS = 2_000

export interface Requests {
  rows: RequestRow[]
  pending: boolean
  error: unknown
  /** Whether refused requests are kept from this person. */
  withoutRefused: boolean
  again: () => void
  more?: { busy: boolean; load: () => void }
}

/** What came to a source, taken or refused, the newest first, as it comes. */
export function useRequests(environment: string, source: string): Requests {
  const taken = useInfiniteQuery(events(environment, { source }))
  const refused = useInfiniteQuery(refusals(environment, source))
  useNewest(environment, source)
  const withoutRefused = refused.error !== null && asProblem(refused.error).status === 403
  const { rows, open } = useMemo(
    () => mergedRequests(listed(taken.data, taken.hasNextPage), listed(refused.data, refused.hasNextPage)),
    [taken.data, taken.hasNextPage, refused.data, refused.hasNextPage],
  )
  return {
    rows,
    pending: taken.isPending || refused.isPending,
    error: taken.error ?? (withoutRefused ? null : refused.error),
    withoutRefused,
    again: () => void Promise.all([taken.refetch(), refused.refetch()]),
    ...(open && {
      more: {
        busy: taken.isFetchingNextPage || refused.isFetchingNextPage,
        load: () => void (open === 'events' ? taken : refused).fetchNextPage(),
      },
    }),
  }
}

function listed<Row>(data: InfiniteData<Page<Row>> | undefined, more: boolean): Listed<Row> {
  return { items: data?.pages.flatMap((page) => page.items) ?? [], more }
}

/** Reads the heads of both lists again and again while the page is looked at. */
function useNewest(environment: string, source: string) {
  const client = useQueryClient()
  useEffect(() => {
    const read = () => {
      if (document.visibilityState !== 'visible') return
      void readHead(client, events(environment, { source }).queryKey, () =>
        eventPage(environment, { source }),
      )
      void readHead(client, refusals(environment, source).queryKey, () => refusalPage(environment, source))
    }
    const timer = setInterval(read, ASK_AGAIN_MS)
    return () => clearInterval(timer)
  }, [client, environment, source])
}

async function readHead<Row extends { id: string }>(
  client: QueryClient,
  queryKey: readonly unknown[],
  ask: () => Promise<Page<Row>>,
) {
  const state = client.getQueryState(queryKey)
  if (state?.status !== 'success' || state.fetchStatus === 'fetching') return
  // When the server cannot be reached, the live connection says so.
  const page = await ask().catch(() => undefined)
  if (!page) return
  client.setQueryData<InfiniteData<Page<Row>, string | undefined>>(queryKey, (data) =>
    data ? mergeHead(data, page) : data,
  )
}
