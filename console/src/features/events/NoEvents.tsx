import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { SourceView } from '~/api/queries'
import { Empty } from '~/ui/Empty'

/** What the list of events says while it has none. */
export function NoEvents({ environment, sources, filtered }: NoEventsProps) {
  const { t } = useTranslation()
  const [source] = sources
  if (filtered) {
    return (
      <Empty
        title={t('events.noneHere')}
        action={
          <Link
            to="/events"
            search={{ source: undefined }}
            className="text-accent underline underline-offset-2"
          >
            {t('events.showAll')}
          </Link>
        }
      >
        {t('events.noneHereText')}
      </Empty>
    )
  }
  const url = source?.url ?? `${location.origin}/hooks/src_…`
  const call = `curl -X POST ${url} \\\n  -H 'content-type: application/json' \\\n  -d '{"query": "My machine shows E3"}'`
  const make = `curl -X POST ${location.origin}/api/v1/environments/${environment}/sources \\
  -H 'authorization: Bearer lpk_…' -H 'content-type: application/json' \\
  -d '{"name": "shop", "flow": "my-flow", "config": {"verification": {"scheme": "token"}},
       "secrets": {"scheme": "token", "tokens": ["…"]}}'`
  return (
    <Empty title={t('events.none')} example={source ? call : make} exampleName="curl">
      {source ? t('events.noneText', { source: source.name }) : t('events.noSourceText')}
    </Empty>
  )
}

interface NoEventsProps {
  environment: string
  sources: SourceView[]
  /** Whether only one source's events are wanted. */
  filtered: boolean
}
