import { useTranslation } from 'react-i18next'
import { Empty } from '~/ui/Empty'

/** What the list of sources says while there is none. */
export function NoSources({ environment }: { environment: string }) {
  const { t } = useTranslation()
  return (
    <Empty title={t('sources.none')} example={makeSource(location.origin, environment)} exampleName="curl">
      {t('sources.noneText')}
    </Empty>
  )
}

/** A call that makes a source; what must be filled in stands in capitals. */
export function makeSource(origin: string, environment: string): string {
  return `curl -X POST ${origin}/api/v1/environments/${environment}/sources \\
  -H 'authorization: Bearer API_KEY' -H 'content-type: application/json' \\
  -d '{"name": "shop", "flow": "FLOW", "config": {"verification": {"scheme": "token"}},
       "secrets": {"scheme": "token", "tokens": ["TOKEN"]}}'`
}
