import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { run as runQuery } from '~/api/find'
import { trace } from '~/api/queries'
import { Problem } from '~/ui/Problem'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import { TraceView } from '../trace/TraceView'

/** `/runs/{id}`: the thread of the event that the run belongs to, as this run went. */
export function RunPage() {
  const { run } = useParams({ from: '/frame/runs/$run' })
  const { at } = useSearch({ from: '/frame/runs/$run' })
  const navigate = useNavigate({ from: '/runs/$run' })
  const row = useQuery(runQuery(run))
  const query = useQuery({ ...trace(row.data?.event ?? ''), enabled: row.isSuccess })
  const failed = row.error ?? query.error
  if (failed)
    return <Problem error={failed} retry={() => void (row.error ? row.refetch() : query.refetch())} />
  if (!query.data) return <TraceSkeleton />
  return (
    <TraceView
      trace={query.data}
      runId={run}
      at={at}
      onRun={(chosen) => void navigate({ to: '/runs/$run', params: { run: chosen }, replace: true })}
      onStation={(chosen) =>
        void navigate({ search: (before) => ({ ...before, at: chosen }), replace: true })
      }
      onBack={() => void navigate({ to: '/runs' })}
    />
  )
}
