import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { SourceView } from '~/api/queries'
import { Empty } from '~/ui/Empty'
import { curlOf, type SourceConfig } from '../sources/config'
import { makeSource } from '../sources/NoSources'

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
  const call = source && curlOf(source.url, source.config as SourceConfig, { query: 'My machine shows E3' })
  return (
    <Empty
      title={t('events.none')}
      example={call ?? makeSource(location.origin, environment)}
      exampleName="curl"
    >
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
