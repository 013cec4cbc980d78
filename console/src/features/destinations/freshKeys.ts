import type { QueryClient } from '@tanstack/react-query'
import type { NewKey } from '~/api/destinations'

const key = (destination: string) => ['fresh-keys', destination]

/**
 * Signing keys that were just made. The server shows their secrets once, so they stay in this page's memory until the person
 * puts them away, and are gone when it is loaded anew.
 */
export const freshKeys = {
  /** Keeps them to be shown on the destination's page; says whether there are any. */
  keep: (client: QueryClient, destination: string, keys: NewKey[] | undefined): boolean => {
    if (!keys || keys.length === 0) return false
    client.setQueryDefaults(key(destination), { gcTime: Number.POSITIVE_INFINITY })
    client.setQueryData(key(destination), keys)
    return true
  },
  /** Their query; nothing fetches it. */
  of: (destination: string) => ({
    queryKey: key(destination),
    queryFn: (): NewKey[] => [],
    enabled: false,
  }),
  putAway: (client: QueryClient, destination: string) => client.setQueryData(key(destination), []),
}
