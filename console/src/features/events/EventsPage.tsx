import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { History } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { type EventRow, events, flows, type SourceView, sources } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import { BUTTON, LOOKS } from '~/ui/Button'
import { Time } from '~/ui/Time'
import { Took } from '~/ui/Took'
import { Filter } from '../list/Filter'
import { usePages } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { isOpen, markOfDelivery, markOfRun } from '../thread/mark'
import { EventSparkline } from '../thread/Sparkline'
import { useWord } from '../thread/words'
import { NoEvents } from './NoEvents'
import { ReplayEvents } from './ReplayEvents'

/** What came in, the newest first, each with its thread. */
export function EventsPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const { source, flow } = useSearch({ from: '/frame/events' })
  const selected = useParams({ strict: false }).event
  const loaded = usePages(useInfiniteQuery(events(environment, { source, flow })))
  const known = useQuery(sources(environment)).data ?? []
  const columns = useColumns(environment)
  const brief = useBrief(environment)
  const word = useWord()
  const list = (
    <RecordList
      title={t('areas.events')}
      loaded={loaded}
      selected={selected}
      columns={columns}
      brief={brief}
      name={(row) => `${t('thread.event')} ${shortId(row.id)}, ${word(row.status)}`}
      link={(row, className, label) => (
        <Link to="/events/$event" params={{ event: row.id }} className={className} aria-label={label} />
      )}
      open={(row) => void navigate({ to: '/events/$event', params: { event: row.id } })}
      close={() => void navigate({ to: '/events' })}
      empty={<NoEvents sources={known} filtered={(source ?? flow) !== undefined} />}
      tools={<Tools known={known} narrow={selected !== undefined} />}
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

/** Which events are shown, and what can be done with all of them. */
function Tools({ known, narrow }: { known: SourceView[]; narrow: boolean }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { source, flow } = useSearch({ from: '/frame/events' })
  const knownFlows = useQuery(flows()).data ?? []
  const narrowTo = (chosen: { source?: string | undefined; flow?: string | undefined }) =>
    void navigate({ to: '/events', search: (before) => ({ ...before, ...chosen }) })
  return (
    <>
      {known.length > 0 && (
        <Filter
          label={t('thread.source')}
          value={source}
          options={known.map(({ id, name }) => ({ value: id, label: name }))}
          onChoose={(chosen) => narrowTo({ source: chosen })}
        />
      )}
      {!narrow && knownFlows.length > 1 && (
        <Filter
          label={t('thread.flow')}
          value={flow}
          options={knownFlows.map(({ name }) => ({ value: name, label: name }))}
          onChoose={(chosen) => narrowTo({ flow: chosen })}
        />
      )}
      {!narrow && (
        <>
          <Link to="/jobs" className={`${BUTTON} ${LOOKS.quiet}`}>
            <History size={14} aria-hidden="true" />
            <span className="max-md:sr-only">{t('jobs.title')}</span>
          </Link>
          <ReplayEvents />
        </>
      )}
    </>
  )
}

function Thread({ row }: { row: EventRow }) {
  return (
    <EventSparkline
      status={row.status}
      run={markOfRun(row.status)}
      deliveries={row.deliveries.map((state) => markOfDelivery(state, 0))}
    />
  )
}

/** The run's state, and what did not arrive although the run succeeded. */
function Standing({ row }: { row: EventRow }) {
  const { t } = useTranslation()
  const word = useWord()
  const dead = row.deliveries.filter((state) => state === 'dead').length
  return (
    <>
      {word(row.status)}
      {dead > 0 && <span className="text-dead max-md:hidden"> · {t('events.dead', { count: dead })}</span>}
    </>
  )
}

function useColumns(environment: string): Column<EventRow>[] {
  const { t } = useTranslation()
  const names = useNames(environment)
  const word = useWord()
  return [
    { head: t('thread.label'), width: '104px', cell: (row) => <Thread row={row} /> },
    { head: t('columns.status'), width: 'minmax(84px, 1fr)', cell: (row) => <Standing row={row} /> },
    {
      head: t('thread.source'),
      width: 'minmax(0, 1fr)',
      cell: (row) => (row.source ? names.shown.source(row.source) : word(row.kind)),
    },
    {
      head: t('thread.flow'),
      width: 'minmax(0, 1.3fr)',
      wide: true,
      cell: (row) => <span className="text-ink-2">{names.shown.flow(row.flow)}</span>,
    },
    {
      head: t('columns.took'),
      width: '84px',
      end: true,
      wide: true,
      cell: (row) => <Took ms={row.took_ms} open={isOpen(markOfRun(row.status))} />,
    },
    {
      head: t('columns.received'),
      width: '108px',
      end: true,
      cell: (row) => <Time at={row.received_at} className="tabular text-ink-2" />,
    },
    {
      head: t('columns.id'),
      width: '76px',
      end: true,
      wide: true,
      cell: (row) => <code className="font-mono text-small text-ink-3">{shortId(row.id)}</code>,
    },
  ]
}

function useBrief(environment: string) {
  const names = useNames(environment)
  return (row: EventRow) => (
    <>
      <div className="flex items-center justify-between gap-2">
        <span className="truncate">{row.source ? names.shown.source(row.source) : row.kind}</span>
        <Time at={row.received_at} className="tabular shrink-0 text-small text-ink-3" />
      </div>
      <div className="flex items-center justify-between gap-2">
        <Thread row={row} />
        <span className="text-small text-ink-3">
          <Took ms={row.took_ms} open={isOpen(markOfRun(row.status))} />
        </span>
      </div>
    </>
  )
}
