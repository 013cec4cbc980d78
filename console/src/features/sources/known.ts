import type { QueryClient } from '@tanstack/react-query'
import type { KnownSecrets } from './recipe/call'

const key = (source: string) => ['known-secrets', source]

/**
 * Secrets that were written in this page: they stay in its memory, so that the samples can be run as they stand, and
 * are gone when it is loaded anew. The server shows them to nobody.
 */
export const knownSecrets = {
  keep: (client: QueryClient, source: string, secrets: KnownSecrets) => {
    client.setQueryDefaults(key(source), { gcTime: Number.POSITIVE_INFINITY })
    client.setQueryData(key(source), secrets ?? null)
  },
  of: (client: QueryClient, source: string): KnownSecrets =>
    client.getQueryData<KnownSecrets | null>(key(source)) ?? undefined,
}
