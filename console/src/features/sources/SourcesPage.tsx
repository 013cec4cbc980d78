import { useQuery } from '@tanstack/react-query'
import { Link, useMatchRoute, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type SourceView, sources } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import { useMayEdit } from '~/app/roles'
import { CopyButton } from '~/ui/Copy'
import { Due, Time } from '~/ui/Time'
import { useNamed } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { useWord } from '../thread/words'
import { TakenAlerts } from './AlertDetail'
import type { SourceConfig } from './config'
import { NewByForm } from './NewByForm'
import { NewSource, NoSources } from './NoSources'
import type { ScheduleConfig } from './schedule'

/** What makes events: the addresses that other systems call, and schedules. */
export function SourcesPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const isNew = useMatchRoute()({ to: '/sources/new' }) !== false
  const selected = useParams({ strict: false }).source ?? (isNew ? 'new' : undefined)
  const mayEdit = useMayEdit()
  const loaded = useNamed(useQuery(sources(environment)))
  const names = useNames(environment)
  const list = (
    <RecordList
      title={t('areas.sources')}
      loaded={loaded}
      selected={selected}
      tools={
        mayEdit &&
        !isNew &&
        (loaded.rows.length > 0 || selected) && (
          <>
            {/* Beside an open source there is room for one button. */}
            {!selected && <NewByForm kind="schedule" />}
            {!selected && <NewByForm kind="alert" />}
            <NewSource />
          </>
        )
      }
      columns={useColumns()}
      brief={(row) => (
        <>
          <p className="truncate">{row.name}</p>
          <p className="truncate text-small text-ink-3">{names.shown.flow(row.flow)}</p>
        </>
      )}
      name={(row) => row.name}
      link={(row, className, label) => (
        <Link to="/sources/$source" params={{ source: row.id }} className={className} aria-label={label} />
      )}
      open={(row) => void navigate({ to: '/sources/$source', params: { source: row.id } })}
      close={() => void navigate({ to: '/sources' })}
      empty={<NoSources action={!isNew} />}
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

function useColumns(): Column<SourceView>[] {
  const { t } = useTranslation()
  const names = useNames(useEnvironment())
  const word = useWord()
  const configOf = (row: SourceView) => row.config as SourceConfig
  return [
    {
      head: t('columns.name'),
      width: 'minmax(0, 1fr)',
      cell: (row) => (
        <>
          {row.name}
          {!row.enabled && <span className="ml-2 text-small text-failed">{t('sources.off')}</span>}
        </>
      ),
    },
    {
      head: t('thread.flow'),
      width: 'minmax(0, 1fr)',
      cell: (row) => <span className="text-ink-2">{names.shown.flow(row.flow)}</span>,
    },
    { head: t('sources.kind'), width: '96px', cell: (row) => word(row.kind) },
    {
      head: t('sources.verification'),
      width: 'minmax(0, 0.7fr)',
      wide: true,
      cell: (row) => row.url && word(configOf(row).verification?.scheme ?? ''),
    },
    {
      head: t('sources.reply'),
      width: '96px',
      wide: true,
      cell: (row) =>
        row.url && t(`sources.replies.${configOf(row).reply?.mode ?? 'accept'}` as 'sources.replies.accept'),
    },
    {
      head: t('sources.where'),
      width: 'minmax(0, 1.4fr)',
      wide: true,
      cell: (row) => <Where row={row} />,
    },
  ]
}

/** Where requests go, when it ticks, or which alerts it takes. */
function Where({ row }: { row: SourceView }) {
  if (row.url) return <Address url={row.url} />
  return row.kind === 'alert' ? <TakenAlerts source={row} /> : <When row={row} />
}

function Address({ url }: { url: string }) {
  return (
    <span className="relative flex items-center">
      <code className="truncate font-mono text-small text-ink-3">{url}</code>
      <CopyButton text={url} what="URL" />
    </span>
  )
}

/** When a schedule ticks next, and when it did last. */
function When({ row: { config, enabled, schedule } }: { row: SourceView }) {
  const { t } = useTranslation()
  const { cron } = config as unknown as ScheduleConfig
  return (
    <span className="flex items-center gap-3 text-small">
      <code className="font-mono text-ink-2">{cron}</code>
      {enabled && schedule && <Due at={schedule.next_at} />}
      {schedule?.last_at && (
        <span className="truncate text-ink-3">
          {t('sources.lastTick')} <Time at={schedule.last_at} />
        </span>
      )}
    </span>
  )
}
