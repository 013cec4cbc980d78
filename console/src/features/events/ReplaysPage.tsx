import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { type ReplayJob, replays } from '~/api/replays'
import { useEnvironment } from '~/app/environment'
import { BUTTON, LOOKS } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { Time } from '~/ui/Time'
import { usePages } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { MarkIcon } from '../thread/Shape'
import { markOfReplay, progressOf, useReplayWords } from './replayWords'

/** `/events/replays`: the replays of many events, the newest first. */
export function ReplaysPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const selected = useParams({ strict: false }).replay
  const loaded = usePages(useInfiniteQuery(replays(environment)))
  const words = useReplayWords(environment)
  const list = (
    <RecordList
      title={t('replays.title')}
      loaded={loaded}
      selected={selected}
      columns={useColumns(environment)}
      brief={(row) => (
        <>
          <div className="flex items-center justify-between gap-2">
            <span className="truncate">{words.which(row)}</span>
            <Time at={row.created_at} className="tabular shrink-0 text-small text-ink-3" />
          </div>
          <div className="flex items-center justify-between gap-2">
            <Standing row={row} />
            <Done row={row} />
          </div>
        </>
      )}
      name={(row) => `${t('trace.replay')} ${shortId(row.id)}, ${words.standing(row)}`}
      link={(row, className, label) => (
        <Link
          to="/events/replays/$replay"
          params={{ replay: row.id }}
          className={className}
          aria-label={label}
        />
      )}
      open={(row) => void navigate({ to: '/events/replays/$replay', params: { replay: row.id } })}
      close={() => void navigate({ to: '/events/replays' })}
      empty={
        <Empty
          title={t('replays.none')}
          action={
            <Link to="/events" className="text-accent underline underline-offset-2">
              {t('replays.toEvents')}
            </Link>
          }
        >
          {t('replays.noneText')}
        </Empty>
      }
      tools={
        selected === undefined && (
          <Link to="/events" className={`${BUTTON} ${LOOKS.quiet}`}>
            {t('replays.toEvents')}
          </Link>
        )
      }
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

function Standing({ row }: { row: ReplayJob }) {
  const words = useReplayWords(useEnvironment())
  return (
    <span className="flex min-w-0 items-center gap-2">
      <MarkIcon mark={markOfReplay(row)} />
      <span className="truncate">{words.standing(row)}</span>
    </span>
  )
}

function Done({ row }: { row: ReplayJob }) {
  const { done, total } = progressOf(row)
  return (
    <span className="tabular shrink-0 text-ink-2">
      {done}/{total}
    </span>
  )
}

function useColumns(environment: string): Column<ReplayJob>[] {
  const { t } = useTranslation()
  const words = useReplayWords(environment)
  return [
    { head: t('columns.status'), width: 'minmax(116px, 1fr)', cell: (row) => <Standing row={row} /> },
    { head: t('replays.progress'), width: '72px', cell: (row) => <Done row={row} /> },
    { head: t('areas.events'), width: 'minmax(0, 1.3fr)', cell: (row) => words.which(row) },
    {
      head: t('replays.came'),
      width: 'minmax(0, 1.4fr)',
      wide: true,
      cell: (row) => <span className="tabular text-ink-2">{words.span(row)}</span>,
    },
    {
      head: t('replays.version'),
      width: 'minmax(0, 1.2fr)',
      wide: true,
      cell: (row) => <span className="text-ink-2">{words.version(row)}</span>,
    },
    {
      head: t('replays.by'),
      width: 'minmax(0, 0.8fr)',
      wide: true,
      cell: (row) => <span className="text-ink-2">{row.by}</span>,
    },
    {
      head: t('columns.began'),
      width: '108px',
      end: true,
      cell: (row) => <Time at={row.created_at} className="tabular text-ink-2" />,
    },
  ]
}
