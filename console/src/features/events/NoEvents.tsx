import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { flows, type SourceView } from '~/api/queries'
import { Empty } from '~/ui/Empty'
import { KeyedEmpty } from '../keys/KeyedEmpty'
import { curlOf, type SourceConfig } from '../sources/config'
import { makeSource } from '../sources/NoSources'

interface NoEventsProps {
  environment: string
  sources: SourceView[]
  /** Whether only one source's events are wanted. */
  filtered: boolean
}

const LINK = 'text-accent underline underline-offset-2'

/** What the list of events says while it has none: the next thing to do on the way to the first one. */
export function NoEvents({ environment, sources, filtered }: NoEventsProps) {
  const { t } = useTranslation()
  const noFlow = useQuery(flows()).data?.length === 0
  const source = sources.find(({ url }) => url)
  if (filtered) {
    return (
      <Empty
        title={t('events.noneHere')}
        action={
          <Link to="/events" search={{ source: undefined }} className={LINK}>
            {t('events.showAll')}
          </Link>
        }
      >
        {t('events.noneHereText')}
      </Empty>
    )
  }
  if (noFlow) {
    return (
      <Empty
        title={t('events.none')}
        action={
          <Link to="/flows" className={LINK}>
            {t('events.firstFlow')}
          </Link>
        }
      >
        {t('events.noFlowText')}
      </Empty>
    )
  }
  if (!source?.url) {
    return (
      <KeyedEmpty title={t('events.none')} example={(key) => makeSource(location.origin, environment, key)}>
        {t('events.noSourceText')}
      </KeyedEmpty>
    )
  }
  const call = curlOf(source.url, source.config as SourceConfig, { query: 'My machine shows E3' })
  return (
    <Empty title={t('events.none')} example={call} exampleName="curl">
      {t('events.noneText', { source: source.name })}
    </Empty>
  )
}
