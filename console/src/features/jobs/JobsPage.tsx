import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { type BulkJob, bulkJobs } from '~/api/jobs'
import { useEnvironment } from '~/app/environment'
import { BUTTON, LOOKS } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { Time } from '~/ui/Time'
import { usePages } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { MarkIcon } from '../thread/Shape'
import { StopJob } from './StopJob'
import { markOfJob, progressOf, useJobWords } from './words'

/** `/jobs`: what is done with many events or dead letters at once, the newest first. */
export function JobsPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const selected = useParams({ strict: false }).job
  const loaded = usePages(useInfiniteQuery(bulkJobs(environment)))
  const words = useJobWords(environment)
  const list = (
    <RecordList
      title={t('jobs.title')}
      loaded={loaded}
      selected={selected}
      columns={useColumns(environment)}
      brief={(row) => (
        <>
          <div className="flex items-center justify-between gap-2">
            <span className="truncate">{words.does(row)}</span>
            <Time at={row.created_at} className="tabular shrink-0 text-small text-ink-3" />
          </div>
          <div className="flex items-center justify-between gap-2">
            <Standing row={row} />
            <Done row={row} />
          </div>
        </>
      )}
      name={(row) => `${words.does(row)} ${shortId(row.id)}, ${words.standing(row)}`}
      link={(row, className, label) => (
        <Link to="/jobs/$job" params={{ job: row.id }} className={className} aria-label={label} />
      )}
      open={(row) => void navigate({ to: '/jobs/$job', params: { job: row.id } })}
      close={() => void navigate({ to: '/jobs' })}
      empty={
        <Empty
          title={t('jobs.none')}
          action={
            <Link to="/events" className="text-accent underline underline-offset-2">
              {t('replays.toEvents')}
            </Link>
          }
        >
          {t('jobs.noneText')}
        </Empty>
      }
      tools={
        selected === undefined && (
          <>
            <Link to="/events" className={`${BUTTON} ${LOOKS.quiet}`}>
              {t('areas.events')}
            </Link>
            <Link to="/deliveries" search={{ state: 'dead' }} className={`${BUTTON} ${LOOKS.quiet}`}>
              {t('deliveries.dead')}
            </Link>
          </>
        )
      }
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

function Standing({ row }: { row: BulkJob }) {
  const words = useJobWords(useEnvironment())
  return (
    <span className="flex min-w-0 items-center gap-2">
      <MarkIcon mark={markOfJob(row)} />
      <span className="truncate">{words.standing(row)}</span>
    </span>
  )
}

function Done({ row }: { row: BulkJob }) {
  const { done, total, skipped } = progressOf(row)
  return (
    <span className="tabular shrink-0 text-ink-2">
      {done + skipped}/{total}
    </span>
  )
}

function useColumns(environment: string): Column<BulkJob>[] {
  const { t } = useTranslation()
  const words = useJobWords(environment)
  return [
    { head: t('jobs.does'), width: 'minmax(140px, 1.2fr)', cell: (row) => words.does(row) },
    { head: t('columns.status'), width: 'minmax(116px, 1fr)', cell: (row) => <Standing row={row} /> },
    { head: t('replays.progress'), width: '96px', cell: (row) => <Done row={row} /> },
    { head: t('jobs.which'), width: 'minmax(0, 1.3fr)', cell: (row) => words.which(row) },
    {
      head: t('jobs.when'),
      width: 'minmax(0, 1.6fr)',
      wide: true,
      cell: (row) => <span className="tabular text-ink-2">{words.span(row)}</span>,
    },
    {
      head: t('replays.by'),
      width: 'minmax(0, 0.8fr)',
      wide: true,
      cell: (row) => <span className="text-ink-2">{row.by}</span>,
    },
    {
      head: t('columns.actions'),
      width: '84px',
      end: true,
      wide: true,
      cell: (row) => (
        <span className="relative">
          <StopJob job={row} />
        </span>
      ),
    },
    {
      head: t('columns.began'),
      width: '108px',
      end: true,
      cell: (row) => <Time at={row.created_at} className="tabular text-ink-2" />,
    },
  ]
}
