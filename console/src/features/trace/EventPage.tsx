import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { trace } from '~/api/queries'
import { DEFAULT_ENVIRONMENT, useEnvironment } from '~/app/environment'
import { Problem } from '~/ui/Problem'
import { TraceSkeleton } from './TraceSkeleton'
import { TraceView } from './TraceView'

/** `/events/{id}`: what became of one event. */
export function EventPage() {
  const { event } = useParams({ from: '/frame/events/$event' })
  const { run, at } = useSearch({ from: '/frame/events/$event' })
  const environment = useEnvironment()
  const navigate = useNavigate({ from: '/events/$event' })
  const query = useQuery(trace(event))
  const belongs = query.data?.environment

  // An event's address alone leads to it; the frame then shows the environment it belongs to.
  useEffect(() => {
    if (!belongs || belongs === environment) return
    const env = belongs === DEFAULT_ENVIRONMENT ? undefined : belongs
    void navigate({ search: (before) => ({ ...before, env }), replace: true })
  }, [belongs, environment, navigate])

  if (query.isPending) return <TraceSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  return (
    <TraceView
      trace={query.data}
      runId={run}
      at={at}
      onRun={(chosen) =>
        void navigate({ search: (before) => ({ ...before, run: chosen, at: undefined }), replace: true })
      }
      onStation={(chosen) =>
        void navigate({ search: (before) => ({ ...before, at: chosen }), replace: true })
      }
      onBack={() => void navigate({ to: '/events' })}
    />
  )
}
