import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type SourceView, sources } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import type { SourceSearch } from '~/app/router'
import { Copyable } from '~/ui/Copy'
import { OneOf } from '../form/OneOf'
import { PageHead } from '../form/PageHead'
import { SIDE_LINK, Sides, Unsaved } from '../form/Sides'
import { AlertDetail } from './AlertDetail'
import { CallTab } from './CallTab'
import type { SourceConfig } from './config'
import { EnabledSwitch } from './EnabledSwitch'
import { FieldsTab } from './FieldsTab'
import { ListenTab } from './listen/ListenTab'
import { RequestsTab } from './RequestsTab'
import { ScheduleDetail } from './ScheduleDetail'
import { SettingsTab } from './SettingsTab'
import { SourceDraftFrame, useSourceFrame } from './SourceDraftFrame'
import { SamplesTab } from './samples/SamplesTab'
import { Usage } from './Usage'
import { isWebhook, type Webhook } from './webhook'

/** How often it is looked how much the source is used. */
const USE_EVERY_MS = 10_000

/** `/sources/{id}`: how do I call it, and why was I refused? Or when does it tick? */
export function SourcePage() {
  const { source: id } = useParams({ from: '/frame/sources/$source' })
  const query = useQuery({ ...sources(useEnvironment()), refetchInterval: USE_EVERY_MS })
  return (
    <OneOf query={query} id={id}>
      {(source) => <SourceDetail key={source.id} source={source} />}
    </OneOf>
  )
}

function SourceDetail({ source }: { source: SourceView }) {
  return (
    <article aria-label={source.name} className="@container flex h-full flex-col">
      <SourceHead source={source} />
      {isWebhook(source) ? (
        <SourceDraftFrame source={source}>
          <Tabs />
          <div className={SIDE}>
            <Side source={source} />
          </div>
        </SourceDraftFrame>
      ) : (
        <>
          <hr className="mt-3 border-line" />
          <div className={SIDE}>
            {source.kind === 'alert' ? <AlertDetail source={source} /> : <ScheduleDetail source={source} />}
          </div>
        </>
      )}
    </article>
  )
}

const SIDE = 'thin-scroll min-h-0 flex-1 overflow-y-auto'

function Side({ source }: { source: Webhook }) {
  const { tab } = useSearch({ from: '/frame/sources/$source' })
  switch (tab) {
    case 'listen':
      return <ListenTab source={source} />
    case 'samples':
      return <SamplesTab source={source} />
    case 'settings':
      return <SettingsTab source={source} />
    case 'call':
      return <CallTab source={source} />
    case 'fields':
      return <FieldsTab source={source} />
    default:
      return <RequestsTab source={source} />
  }
}

function SourceHead({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const config = source.config as SourceConfig
  const flow = useNames(source.environment).flow(source.flow)
  return (
    <PageHead
      title={source.name}
      beside={
        flow && (
          <Link
            to="/flows/$name"
            params={{ name: flow }}
            className="truncate rounded-small text-prose text-ink-2 hover:text-accent"
          >
            → {flow}
          </Link>
        )
      }
      end={<EnabledSwitch source={source} flow={flow} />}
      onBack={() => void navigate({ to: '/sources' })}
    >
      {source.url && (
        <div className="mt-0.5 flex min-w-0">
          <Copyable text={source.url} what="URL" />
        </div>
      )}
      <Usage source={source} />
      {config.verification?.scheme === 'none' && (
        <p className="mt-1 flex items-center gap-2 text-ink-2">
          <TriangleAlert size={14} aria-hidden="true" className="shrink-0 text-waiting" />
          {t('sources.open')}
        </p>
      )}
    </PageHead>
  )
}

/** The sides of a source; each has an address of its own. */
function Tabs() {
  const { t } = useTranslation()
  const { tab: shown } = useSearch({ from: '/frame/sources/$source' })
  const { dirty } = useSourceFrame()
  const tabs: [SourceSearch['tab'], string, boolean?][] = [
    [undefined, t('sources.requests')],
    ['listen', t('listen.tab')],
    ['samples', t('samples.title')],
    ['call', t('sources.call')],
    ['fields', t('trace.fields'), dirty.fields],
    ['settings', t('sources.settings'), dirty.settings],
  ]
  return (
    <Sides label={t('sources.sides')}>
      {tabs.map(([tab, label, unsaved]) => (
        <li key={label}>
          <Link
            from="/sources/$source"
            search={(before) => ({ ...before, tab, request: undefined, sample: undefined })}
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
