import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { nodes } from '~/api/queries'
import { Problem } from '~/ui/Problem'
import { Ago } from '~/ui/Time'
import { MarkIcon } from '../thread/Shape'
import { type Cluster, clusterOf } from './cluster'
import { NodeSkeletons, NodeTable } from './NodeTable'
import { Notes } from './Notes'
import { OneNode } from './OneNode'

/** The nodes that work on this installation: is each of them there, and what does it do? */
export function NodesPage() {
  const { t } = useTranslation()
  const { data, error, dataUpdatedAt, refetch } = useQuery(nodes())
  const cluster = data && clusterOf(data)
  const problem = error && <Problem error={error} retry={() => void refetch()} compact={data !== undefined} />
  return (
    <section aria-label={t('areas.nodes')} className="@container flex h-full flex-col">
      <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
        <h1 className="text-title font-semibold">{t('areas.nodes')}</h1>
        <div className="tabular ml-auto flex items-center gap-4 text-ink-2">
          {data && error && (
            <span className="text-ink-3">
              {t('nodes.stale')} <Ago at={new Date(dataUpdatedAt).toISOString()} />
            </span>
          )}
          {cluster && <Counts cluster={cluster} />}
        </div>
      </header>
      <div className="thin-scroll min-h-0 flex-1 overflow-y-auto">
        {!data || !cluster ? (
          (problem ?? <NodeSkeletons />)
        ) : (
          <>
            {problem && <div className="px-4 pb-3">{problem}</div>}
            <NodeTable nodes={data} cluster={cluster} />
            <Notes cluster={cluster} />
            {data.length === 1 && data[0] && <OneNode node={data[0]} />}
          </>
        )}
      </div>
    </section>
  )
}

/** How many are there; said aloud when it changes. */
function Counts({ cluster: { alive, lost } }: { cluster: Cluster }) {
  const { t } = useTranslation()
  return (
    <p role="status" className="flex items-center gap-4">
      <span className="flex items-center gap-1.5">
        <MarkIcon mark="succeeded" />
        {t('nodes.alive', { count: alive.length })}
      </span>
      {lost.length > 0 && (
        <span className="flex items-center gap-1.5 font-medium text-ink">
          <MarkIcon mark="dead" />
          {t('nodes.lost', { count: lost.length })}
        </span>
      )}
    </p>
  )
}
