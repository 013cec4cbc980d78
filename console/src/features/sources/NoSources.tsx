import { useTranslation } from 'react-i18next'
import { KeyedEmpty } from '../keys/KeyedEmpty'

/** What the list of sources says while there is none. */
export function NoSources({ environment }: { environment: string }) {
  const { t } = useTranslation()
  return (
    <KeyedEmpty title={t('sources.none')} example={(key) => makeSource(location.origin, environment, key)}>
      {t('sources.noneText')}
    </KeyedEmpty>
  )
}

/** A call that makes a source; what must be filled in stands in capitals. */
export function makeSource(origin: string, environment: string, key: string): string {
  return `curl -X POST ${origin}/api/v1/environments/${environment}/sources \\
  -H 'authorization: Bearer ${key}' \\
  -H 'content-type: application/json' \\
  -d '{"name": "shop", "flow": "FLOW", "config": {"verification": {"scheme": "token"}},
       "secrets": {"scheme": "token", "tokens": ["TOKEN"]}}'`
}
