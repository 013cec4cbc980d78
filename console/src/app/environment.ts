import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { destinations, flows, sources } from '~/api/queries'

/** The environment that is shown when the address names none. */
export const DEFAULT_ENVIRONMENT = 'production'

/** The environment that the person looks at. */
export function useEnvironment(): string {
  return useSearch({ from: '/frame' }).env ?? DEFAULT_ENVIRONMENT
}

type Lookup = (id: string) => string | undefined

/** The names behind the ids that lists carry. */
export interface Names {
  flow: Lookup
  source: Lookup
  destination: Lookup
  /** The names as they are shown: an ellipsis while one is looked up, and a word for what is deleted. */
  shown: Record<'flow' | 'source' | 'destination', (id: string) => string>
}

type Known = UseQueryResult<{ id: string; name: string }[]>

export function useNames(environment: string): Names {
  const { t } = useTranslation()
  const flow = useNamesOf(useQuery(flows()))
  const source = useNamesOf(useQuery(sources(environment)))
  const destination = useNamesOf(useQuery(destinations(environment)))
  const shown = (lookup: Lookup) => (id: string) => lookup(id) ?? (GONE.has(id) ? t('columns.gone') : '…')
  return {
    flow,
    source,
    destination,
    shown: { flow: shown(flow), source: shown(source), destination: shown(destination) },
  }
}

/** Ids that were looked up in vain: they were deleted, and are not looked up for every row again. */
const GONE = new Set<string>()

/** Something new may have come since the names were read: an unknown id has them read again, once. */
function useNamesOf({ data, isFetching, refetch }: Known): Lookup {
  const unknown = useRef(new Set<string>())
  useEffect(() => {
    if (unknown.current.size === 0 || isFetching) return
    const wanted = [...unknown.current]
    unknown.current.clear()
    void refetch().then((again) => {
      if (!again.isSuccess) return
      const known = new Set(again.data.map(({ id }) => id))
      for (const id of wanted) if (!known.has(id)) GONE.add(id)
    })
  })
  return (id) => {
    const name = data?.find((item) => item.id === id)?.name
    if (name === undefined && data && !GONE.has(id)) unknown.current.add(id)
    return name
  }
}
