import { useQuery } from '@tanstack/react-query'
import { Link, useMatchRoute, useNavigate, useParams } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type DestinationView, HEALTH_EVERY_MS } from '~/api/destinations'
import { destinations } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { useMayEdit } from '~/app/roles'
import { BUTTON, LOOKS } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { Time } from '~/ui/Time'
import { useNamed } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import type { DestinationConfig } from './config'
import { iconOf } from './kinds'
import { Standing } from './Standing'

/** The systems that messages go to: does it arrive? */
export function DestinationsPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const isNew = useMatchRoute()({ to: '/destinations/new' }) !== false
  const selected = useParams({ strict: false }).destination ?? (isNew ? 'new' : undefined)
  const mayEdit = useMayEdit()
  const loaded = useNamed(useQuery({ ...destinations(environment), refetchInterval: HEALTH_EVERY_MS }))
  const list = (
    <RecordList
      title={t('areas.destinations')}
      loaded={loaded}
      selected={selected}
      tools={mayEdit && !isNew && (loaded.rows.length > 0 || selected) && <NewDestination />}
      columns={useColumns()}
      brief={(row) => (
        <>
          <p className="flex items-center gap-2">
            <Named row={row} />
          </p>
          <Standing destination={row} />
        </>
      )}
      name={(row) => row.name}
      link={(row, className, label) => (
        <Link
          to="/destinations/$destination"
          params={{ destination: row.id }}
          className={className}
          aria-label={label}
        />
      )}
      open={(row) => void navigate({ to: '/destinations/$destination', params: { destination: row.id } })}
      close={() => void navigate({ to: '/destinations' })}
      empty={
        <Empty
          title={t('destinations.none')}
          example={EXAMPLE}
          exampleName="YAML"
          action={mayEdit && !isNew && <NewDestination look="primary" />}
        >
          {t('destinations.noneText')}
        </Empty>
      }
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

const EXAMPLE = `tell:
  kind: deliver
  destination: support-group
  body: "{{ ai_output }}"`

/** Leads to the gallery; it looks like a button, since it begins something. */
function NewDestination({ look = 'plain' }: { look?: keyof typeof LOOKS }) {
  const { t } = useTranslation()
  return (
    <Link to="/destinations/new" className={`${BUTTON} ${LOOKS[look]}`}>
      <Plus size={14} aria-hidden="true" />
      {t('destinations.new')}
    </Link>
  )
}

function Named({ row }: { row: DestinationView }) {
  const { kind } = row.config as DestinationConfig
  const Icon = iconOf(kind)
  return (
    <>
      <Icon size={14} aria-hidden="true" className="shrink-0 text-ink-3" />
      <span className="truncate" title={kind}>
        {row.name}
      </span>
    </>
  )
}

function useColumns(): Column<DestinationView>[] {
  const { t } = useTranslation()
  return [
    {
      head: t('columns.name'),
      width: 'minmax(0, 1fr)',
      cell: (row) => (
        <span className="flex items-center gap-2">
          <Named row={row} />
        </span>
      ),
    },
    {
      head: t('columns.status'),
      width: 'minmax(0, 0.8fr)',
      cell: (row) => <Standing destination={row} />,
    },
    {
      head: t('destinations.waiting'),
      width: '84px',
      end: true,
      wide: true,
      cell: ({ queue }) => <Count count={queue.pending + queue.blocked} />,
    },
    {
      head: t('destinations.oldest'),
      width: '108px',
      end: true,
      wide: true,
      cell: ({ queue }) => queue.oldest_at && <Time at={queue.oldest_at} className="tabular text-ink-2" />,
    },
    {
      head: t('destinations.dead'),
      width: '96px',
      end: true,
      cell: ({ queue }) => <Count count={queue.dead} className="text-dead" />,
    },
    {
      head: 'URL',
      width: 'minmax(0, 1.2fr)',
      wide: true,
      cell: (row) => (
        <code className="font-mono text-small text-ink-3">
          {(row.config as DestinationConfig).url ??
            (row.secrets.includes('url') ? t('destinations.secretUrl') : '')}
        </code>
      ),
    },
  ]
}

/** A number of what there should be none of. */
function Count({ count, className = 'text-ink' }: { count: number; className?: string }) {
  return <span className={`tabular ${count > 0 ? className : 'text-ink-3'}`}>{count}</span>
}
