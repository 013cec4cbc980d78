import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type DestinationView, HEALTH_EVERY_MS } from '~/api/destinations'
import { ApiProblem } from '~/api/problem'
import { destinations } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { useDestinationWords } from '~/app/i18n/destination-form'
import type { DestinationSearch } from '~/app/router'
import { Copyable } from '~/ui/Copy'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { SIDE_LINK, Sides, Unsaved } from '../form/Sides'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import type { DestinationConfig } from './config'
import { DestinationDraftFrame, useDestinationDraft } from './DestinationDraftFrame'
import { iconOf } from './kinds'
import { OverviewTab } from './OverviewTab'
import { SettingsTab } from './SettingsTab'
import { TestTab } from './TestTab'

/** `/destinations/{id}`: does it arrive? */
export function DestinationPage() {
  const { destination: id } = useParams({ from: '/frame/destinations/$destination' })
  const query = useQuery({ ...destinations(useEnvironment()), refetchInterval: HEALTH_EVERY_MS })
  if (query.isPending) return <TraceSkeleton />
  if (query.isError && !query.data) {
    return <Problem error={query.error} retry={() => void query.refetch()} />
  }
  const destination = query.data.find((one) => one.id === id)
  if (!destination && query.isFetching) return <TraceSkeleton />
  if (!destination) return <Problem error={new ApiProblem({ status: 404, code: 'not_found' })} />
  return <DestinationDetail key={destination.id} destination={destination} />
}

function DestinationDetail({ destination }: { destination: DestinationView }) {
  return (
    <article aria-label={destination.name} className="@container flex h-full flex-col">
      <Head destination={destination} />
      <DestinationDraftFrame destination={destination}>
        <Tabs />
        <div className="thin-scroll min-h-0 flex-1 overflow-y-auto">
          <Side destination={destination} />
        </div>
      </DestinationDraftFrame>
    </article>
  )
}

function Side({ destination }: { destination: DestinationView }) {
  const { tab } = useSearch({ from: '/frame/destinations/$destination' })
  switch (tab) {
    case 'settings':
      return <SettingsTab destination={destination} />
    case 'test':
      return <TestTab destination={destination} />
    default:
      return <OverviewTab destination={destination} />
  }
}

function Head({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { url, kind = '' } = destination.config as DestinationConfig
  const Icon = iconOf(kind)
  return (
    <header className="shrink-0 px-4 pt-3">
      <div className="flex min-h-7 items-center gap-2">
        <span className="-ml-1.5 xl:hidden">
          <IconButton
            icon={ArrowLeft}
            label={t('back')}
            keys="Esc"
            onClick={() => void navigate({ to: '/destinations' })}
          />
        </span>
        <Icon size={16} aria-hidden="true" className="shrink-0 text-ink-3" />
        <h1 className="truncate text-title font-semibold">{destination.name}</h1>
        <span className="truncate text-prose text-ink-3">
          {useDestinationWords()?.(`kinds.${kind}`)?.label ?? kind}
        </span>
      </div>
      <div className="mt-0.5 flex min-w-0 flex-wrap items-center gap-x-4">
        {url && <Copyable text={url} what="URL" />}
        <Copyable text={destination.id} what={t('destinations.id')} />
      </div>
    </header>
  )
}

/** The sides of a destination; each has an address of its own. */
function Tabs() {
  const { t } = useTranslation()
  const { tab: shown } = useSearch({ from: '/frame/destinations/$destination' })
  const { dirty } = useDestinationDraft()
  const tabs: [DestinationSearch['tab'], string, boolean?][] = [
    [undefined, t('destinations.overview')],
    ['test', t('destinations.test')],
    ['settings', t('sources.settings'), dirty],
  ]
  return (
    <Sides label={t('destinations.sides')}>
      {tabs.map(([tab, label, unsaved]) => (
        <li key={label}>
          <Link
            from="/destinations/$destination"
            search={(before) => ({ ...before, tab })}
            activeOptions={{ exact: true }}
            aria-current={tab === shown ? 'page' : undefined}
            className={SIDE_LINK}
          >
            {label}
            {unsaved && <Unsaved />}
          </Link>
        </li>
      ))}
    </Sides>
  )
}
