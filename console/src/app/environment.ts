import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { destinations, flows, sources } from '~/api/queries'

/** The environment that is shown when the address names none. */
export const DEFAULT_ENVIRONMENT = 'production'

/** The environment that the person looks at. */
export function useEnvironment(): string {
  return useSearch({ from: '/frame' }).env ?? DEFAULT_ENVIRONMENT
}

/** The names behind the ids that lists carry. */
export interface Names {
  flow(id: string): string | undefined
  source(id: string): string | undefined
  destination(id: string): string | undefined
}

export function useNames(environment: string): Names {
  const known = {
    flow: useQuery(flows()).data,
    source: useQuery(sources(environment)).data,
    destination: useQuery(destinations(environment)).data,
  }
  const named = (kind: keyof typeof known) => (id: string) =>
    known[kind]?.find((item) => item.id === id)?.name
  return { flow: named('flow'), source: named('source'), destination: named('destination') }
}
