import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type DestinationView, destinations } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { KeyedEmpty } from '../keys/KeyedEmpty'
import { useNamed } from '../list/loaded'
import { type Column, RecordList } from '../list/RecordList'
import { SplitView } from '../list/SplitView'
import { MarkIcon } from '../thread/Shape'
import type { DestinationConfig } from './config'

/** The systems that messages go to. */
export function DestinationsPage() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const navigate = useNavigate()
  const selected = useParams({ strict: false }).destination
  const loaded = useNamed(useQuery(destinations(environment)))
  const list = (
    <RecordList
      title={t('areas.destinations')}
      loaded={loaded}
      selected={selected}
      columns={useColumns()}
      brief={(row) => (
        <>
          <p className="truncate">{row.name}</p>
          <Standing row={row} />
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
        <KeyedEmpty
          title={t('destinations.none')}
          example={(key) => makeDestination(location.origin, environment, key)}
        >
          {t('destinations.noneText')}
        </KeyedEmpty>
      }
    />
  )
  return <SplitView list={list} open={selected !== undefined} />
}

function Standing({ row }: { row: DestinationView }) {
  const { t } = useTranslation()
  return (
    <span className="flex min-w-0 items-center gap-2 text-ink-2">
      <MarkIcon mark={row.disabled_reason ? 'dead' : 'succeeded'} />
      <span className="truncate">{row.disabled_reason ? t('destinations.off') : t('destinations.on')}</span>
    </span>
  )
}

function useColumns(): Column<DestinationView>[] {
  const { t } = useTranslation()
  const configOf = (row: DestinationView) => row.config as DestinationConfig
  return [
    { head: t('columns.name'), width: 'minmax(0, 1fr)', cell: (row) => row.name },
    { head: t('columns.status'), width: 'minmax(0, 0.8fr)', cell: (row) => <Standing row={row} /> },
    { head: t('destinations.kind'), width: '104px', wide: true, cell: (row) => configOf(row).kind },
    {
      head: 'URL',
      width: 'minmax(0, 1.6fr)',
      wide: true,
      cell: (row) => (
        <code className="font-mono text-small text-ink-3">
          {configOf(row).url ?? t('destinations.secretUrl')}
        </code>
      ),
    },
    {
      head: t('destinations.retry'),
      width: '120px',
      wide: true,
      cell: (row) => (
        <span className="text-ink-2">{[configOf(row).retry ?? 'standard'].flat().join(', ')}</span>
      ),
    },
  ]
}

function makeDestination(origin: string, environment: string, key: string): string {
  return `curl -X POST ${origin}/api/v1/environments/${environment}/destinations \\
  -H 'authorization: Bearer ${key}' \\
  -H 'content-type: application/json' \\
  -d '{"name": "ticket-system", "config": {"kind": "webhook", "url": "https://tickets.example.com/hooks"}}'`
}
