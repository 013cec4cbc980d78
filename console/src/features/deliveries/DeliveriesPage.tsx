import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import type { DeliveryRow } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import { Due, Time } from '~/ui/Time'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { attemptMarks } from '../thread/mark'
import { AttemptSparkline } from '../thread/Sparkline'
import { useWord } from '../thread/words'
import { ReplayDead } from '../trace/DeliveryHead'
import { LettersBar } from './LettersBar'
import { NoDeliveries } from './NoDeliveries'
import { Tools } from './Tools'
import { useDeliveries, useFilter } from './useDeliveries'

/** What goes out, the newest first, and what did not arrive. */
export function DeliveriesPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const search = useSearch({ from: '/frame/deliveries' })
  const filter = useFilter(search)
  const dead = search.state === 'dead'
  const selected = useParams({ strict: false }).delivery
  const loaded = useDeliveries(environment, filter)
  const columns = useColumns()
  const names = useNames(environment)
  const word = useWord()
  const list = (
    <RecordList
      title={t('areas.deliveries')}
      loaded={loaded}
      selected={selected}
      columns={columns}
      brief={(row) => (
        <>
          <div className="flex items-center justify-between gap-2">
            <span className="truncate">{names.shown.destination(row.destination)}</span>
            <Time at={row.created_at} className="tabular shrink-0 text-small text-ink-3" />
          </div>
          <div className="flex items-center justify-between gap-2">
            <Attempts row={row} />
            <span className="text-small text-ink-3">{word(row.state)}</span>
          </div>
        </>
      )}
      name={(row) => `${t('thread.delivery')} ${shortId(row.id)}, ${word(row.state)}`}
      link={(row, className, label) => (
        <Link
          to="/deliveries/$delivery"
          params={{ delivery: row.id }}
          className={className}
          aria-label={label}
        />
      )}
      open={(row) => void navigate({ to: '/deliveries/$delivery', params: { delivery: row.id } })}
      close={() => void navigate({ to: '/deliveries' })}
      empty={<NoDeliveries filter={filter} more={loaded.more} />}
      above={dead && selected === undefined && <LettersBar filter={filter} />}
      tools={selected === undefined && <Tools />}
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

function Attempts({ row }: { row: DeliveryRow }) {
  const { t } = useTranslation()
  return (
    <AttemptSparkline
      marks={attemptMarks(row.state, row.attempts)}
      label={t('deliveries.attempts', { count: row.attempts })}
    />
  )
}

function useColumns(): Column<DeliveryRow>[] {
  const { t } = useTranslation()
  const names = useNames(useEnvironment())
  const word = useWord()
  return [
    { head: t('deliveries.attemptsHead'), width: '104px', cell: (row) => <Attempts row={row} /> },
    {
      head: t('columns.status'),
      width: 'minmax(96px, 0.8fr)',
      cell: (row) => (
        <>
          {word(row.state)}
          {row.due_at && (
            <span className="text-ink-3">
              {' · '}
              <Due at={row.due_at} />
            </span>
          )}
        </>
      ),
    },
    {
      head: t('thread.destination'),
      width: 'minmax(0, 1fr)',
      cell: (row) => names.shown.destination(row.destination),
    },
    {
      head: t('thread.step'),
      width: 'minmax(0, 0.8fr)',
      wide: true,
      cell: (row) => <span className="text-ink-2">{row.step}</span>,
    },
    {
      head: t('columns.made'),
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
    {
      head: t('columns.actions'),
      width: '128px',
      end: true,
      wide: true,
      cell: (row) =>
        row.state === 'dead' && (
          <span className="relative">
            <ReplayDead id={row.id} />
          </span>
        ),
    },
  ]
}
