import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { type DestinationDraft, type DestinationView, HEALTH_EVERY_MS } from '~/api/destinations'
import { destinations } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { useDestinationWords } from '~/app/i18n/destination-form'
import type { DestinationSearch } from '~/app/router'
import { Copyable } from '~/ui/Copy'
import { DraftFrame, useDraft } from '../form/DraftFrame'
import { OneOf } from '../form/OneOf'
import { PageHead } from '../form/PageHead'
import { SIDE_LINK, Sides, Unsaved } from '../form/Sides'
import type { DestinationConfig } from './config'
import { KeysTab } from './KeysTab'
import { iconOf } from './kinds'
import { OverviewTab } from './OverviewTab'
import { SettingsTab } from './SettingsTab'
import { TestTab } from './TestTab'

/** `/destinations/{id}`: does it arrive? */
export function DestinationPage() {
  const { destination: id } = useParams({ from: '/frame/destinations/$destination' })
  const query = useQuery({ ...destinations(useEnvironment()), refetchInterval: HEALTH_EVERY_MS })
  return (
    <OneOf query={query} id={id}>
      {(destination) => <DestinationDetail key={destination.id} destination={destination} />}
    </OneOf>
  )
}

function DestinationDetail({ destination }: { destination: DestinationView }) {
  const { name, config } = destination
  const stored = useMemo((): DestinationDraft => ({ name, config }), [name, config])
  return (
    <article aria-label={name} className="@container flex h-full flex-col">
      <Head destination={destination} />
      <DraftFrame stored={stored}>
        <Tabs destination={destination} />
        <div className="thin-scroll min-h-0 flex-1 overflow-y-auto">
          <Side destination={destination} />
        </div>
      </DraftFrame>
    </article>
  )
}

function Side({ destination }: { destination: DestinationView }) {
  const { tab } = useSearch({ from: '/frame/destinations/$destination' })
  switch (tab) {
    case 'settings':
      return <SettingsTab destination={destination} />
    case 'keys':
      return <KeysTab destination={destination} />
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
    <PageHead
      title={destination.name}
      icon={<Icon size={16} aria-hidden="true" className="shrink-0 text-ink-3" />}
      beside={
        <span className="truncate text-prose text-ink-3">
          {useDestinationWords()?.(`kinds.${kind}`)?.label ?? kind}
        </span>
      }
      onBack={() => void navigate({ to: '/destinations' })}
    >
      <div className="mt-0.5 flex min-w-0 flex-wrap items-center gap-x-4">
        {url && <Copyable text={url} what="URL" />}
        <Copyable text={destination.id} what={t('destinations.id')} />
      </div>
    </PageHead>
  )
}

/** The sides of a destination; each has an address of its own. */
function Tabs({ destination: { signing_keys } }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const { tab: shown } = useSearch({ from: '/frame/destinations/$destination' })
  const { dirty } = useDraft<DestinationDraft>()
  const signs = signing_keys.length > 0 || shown === 'keys'
  const tabs: [DestinationSearch['tab'], string, boolean?][] = [
    [undefined, t('destinations.overview')],
    ['test', t('destinations.test')],
    ...(signs ? [['keys', t('signing.tab')] as [DestinationSearch['tab'], string]] : []),
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
