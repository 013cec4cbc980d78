import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { flows, type RunRow, type RunStatus, runs } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import { Empty } from '~/ui/Empty'
import { Time } from '~/ui/Time'
import { Took } from '~/ui/Took'
import { Filter } from '../list/Filter'
import { usePages } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { isOpen, markOfRun } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'
import { FailureBrief } from '../trace/FailureBrief'
import type { Failure } from '../trace/records'

/** The states that the API can list runs by. */
const LISTED: RunStatus[] = ['queued', 'running', 'waiting', 'failed', 'cancelled', 'parked']

/** How flows ran, the newest first. */
export function RunsPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const search = useSearch({ from: '/frame/runs' })
  const selected = useParams({ strict: false }).run
  const loaded = usePages(useInfiniteQuery(runs(environment, search)))
  const columns = useColumns()
  const names = useNames(environment)
  const word = useWord()
  const list = (
    <RecordList
      title={t('areas.runs')}
      loaded={loaded}
      selected={selected}
      columns={columns}
      brief={(row) => (
        <>
          <div className="flex items-center justify-between gap-2">
            <span className="truncate">{names.shown.flow(row.flow)}</span>
            <Time at={row.created_at} className="tabular shrink-0 text-small text-ink-3" />
          </div>
          <Standing row={row} />
        </>
      )}
      name={(row) => `${t('thread.run')} ${shortId(row.id)}, ${word(row.status)}`}
      link={(row, className, label) => (
        <Link to="/runs/$run" params={{ run: row.id }} className={className} aria-label={label} />
      )}
      open={(row) => void navigate({ to: '/runs/$run', params: { run: row.id } })}
      close={() => void navigate({ to: '/runs' })}
      empty={
        <Empty title={t('runs.none')}>
          {search.flow || search.status ? t('runs.noneHere') : t('runs.noneText')}
        </Empty>
      }
      tools={<Tools />}
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

function Tools() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const word = useWord()
  const { flow, status } = useSearch({ from: '/frame/runs' })
  const known = useQuery(flows()).data ?? []
  return (
    <>
      <Filter
        label={t('thread.flow')}
        value={flow}
        options={known.map(({ name }) => ({ value: name, label: name }))}
        onChoose={(chosen) =>
          void navigate({ to: '/runs', search: (before) => ({ ...before, flow: chosen }) })
        }
      />
      <Filter
        label={t('columns.status')}
        value={status}
        options={LISTED.map((value) => ({ value, label: word(value) }))}
        onChoose={(chosen) =>
          void navigate({ to: '/runs', search: (before) => ({ ...before, status: chosen }) })
        }
      />
    </>
  )
}

function Standing({ row }: { row: RunRow }) {
  const { t } = useTranslation()
  const word = useWord()
  return (
    <span className="flex min-w-0 items-center gap-2">
      <MarkIcon mark={markOfRun(row.status)} />
      <span className="shrink-0">{word(row.status)}</span>
      {row.cause !== 'original' && <span className="shrink-0 text-ink-3">{t('runs.repeat')}</span>}
      <FailureBrief failure={row.error as Failure | null | undefined} />
    </span>
  )
}

function useColumns(): Column<RunRow>[] {
  const { t } = useTranslation()
  const names = useNames(useEnvironment())
  return [
    { head: t('columns.status'), width: 'minmax(0, 1.6fr)', cell: (row) => <Standing row={row} /> },
    {
      head: t('thread.flow'),
      width: 'minmax(0, 1fr)',
      cell: (row) => names.shown.flow(row.flow),
    },
    {
      head: t('columns.took'),
      width: '84px',
      end: true,
      wide: true,
      cell: (row) => <Took ms={tookMs(row)} open={isOpen(markOfRun(row.status))} />,
    },
    {
      head: t('columns.began'),
      width: '108px',
      end: true,
      cell: (row) => <Time at={row.created_at} className="tabular text-ink-2" />,
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

function tookMs(row: RunRow): number | undefined {
  return row.finished_at ? Date.parse(row.finished_at) - Date.parse(row.created_at) : undefined
}
