import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { flows, type SourceView } from '~/api/queries'
import { Empty } from '~/ui/Empty'
import type { SourceConfig } from '../sources/config'
import { callOf } from '../sources/recipe/call'
import { curlOf } from '../sources/recipe/curl'

interface NoEventsProps {
  sources: SourceView[]
  /** Whether only the events of one source or flow are wanted. */
  filtered: boolean
}

/** What the first event says, whatever the flow takes. */
const SAMPLE = { query: { example: 'My machine shows E3' } }

const LINK = 'text-accent underline underline-offset-2'

/** What the list of events says while it has none: the next thing to do on the way to the first one. */
export function NoEvents({ sources, filtered }: NoEventsProps) {
  const { t } = useTranslation()
  const noFlow = useQuery(flows()).data?.length === 0
  const source = sources.find(({ url }) => url)
  if (filtered) {
    return (
      <Empty
        title={t('events.noneHere')}
        action={
          <Link to="/events" search={{ source: undefined, flow: undefined }} className={LINK}>
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
      <Empty
        title={t('events.none')}
        action={
          <Link to="/sources/new" className={LINK}>
            {t('events.firstSource')}
          </Link>
        }
      >
        {t('events.noSourceText')}
      </Empty>
    )
  }
  const call = curlOf(callOf(source.url, source.config as SourceConfig, SAMPLE))
  return (
    <Empty title={t('events.none')} example={call} exampleName="curl">
      {t('events.noneText', { source: source.name })}
    </Empty>
  )
}
