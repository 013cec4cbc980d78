import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { type DeliveryRow, deliveries } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import { Empty } from '~/ui/Empty'
import { Segments } from '~/ui/Segments'
import { Due, Time } from '~/ui/Time'
import { usePages } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { attemptMarks } from '../thread/mark'
import { AttemptSparkline } from '../thread/Sparkline'
import { useWord } from '../thread/words'
import { ReplayDead } from '../trace/DeliveryHead'

/** What goes out, the newest first, and what did not arrive. */
export function DeliveriesPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const { dead = false } = useSearch({ from: '/frame/deliveries' })
  const selected = useParams({ strict: false }).delivery
  const loaded = usePages(useInfiniteQuery(deliveries(environment, dead)))
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
      empty={
        <Empty
          title={dead ? t('deliveries.noneDead') : t('deliveries.none')}
          example={dead ? undefined : EXAMPLE}
          exampleName="YAML"
        >
          {dead ? t('deliveries.noneDeadText') : t('deliveries.noneText')}
        </Empty>
      }
      tools={
        <Segments
          label={t('deliveries.which')}
          value={dead ? 'dead' : 'all'}
          options={[
            { value: 'all', label: t('deliveries.all') },
            { value: 'dead', label: t('deliveries.dead') },
          ]}
          onChoose={(which) =>
            void navigate({
              to: '/deliveries',
              search: (before) => ({ ...before, dead: which === 'dead' || undefined }),
            })
          }
        />
      }
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

const EXAMPLE = `ticket:
  kind: deliver
  destination: ticket-system
  body:
    title: "{{ input.query }}"`

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
      width: '112px',
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
