import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { run as runQuery } from '~/api/find'
import {
  type FlowDetail,
  flow as flowQuery,
  type GraphView,
  trace,
  version as versionQuery,
} from '~/api/queries'
import { useKeys } from '~/app/frame/keys'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { Deployments } from './Deployments'
import { Publish } from './Publish'
import { Side } from './Side'

const FlowGraph = lazy(() => import('./FlowGraph'))

/** `/flows/{name}`: what it does, and how it is doing. */
export function FlowPage() {
  const { name } = useParams({ from: '/frame/flows/$name' })
  const query = useQuery(flowQuery(name))
  const navigate = useNavigate()
  const { node } = useSearch({ from: '/frame/flows/$name' })
  const here = useNavigate({ from: '/flows/$name' })
  const back = () => {
    if (node) void here({ search: (before) => ({ ...before, node: undefined }), replace: true })
    else void navigate({ to: '/flows' })
  }
  useKeys({ Escape: back })
  if (query.isPending) return <div className="skeleton m-4 h-6 w-64" role="status" />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  return <FlowView flow={query.data} />
}

function FlowView({ flow }: { flow: FlowDetail }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const here = useNavigate({ from: '/flows/$name' })
  const { node, version, run } = useSearch({ from: '/frame/flows/$name' })
  const shown = useShown(flow, version)
  const steps = useSteps(run)
  const select = (chosen: string | undefined) =>
    void here({ search: (before) => ({ ...before, node: chosen }), replace: true })
  return (
    <article aria-label={flow.name} className="flex h-full flex-col">
      <header className="flex shrink-0 flex-wrap items-start gap-x-3 gap-y-1 border-b border-line px-4 py-3">
        <span className="-ml-1.5">
          <IconButton
            icon={ArrowLeft}
            label={t('back')}
            keys="Esc"
            onClick={() => void navigate({ to: '/flows' })}
          />
        </span>
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="text-title font-semibold">{flow.name}</h1>
            <span className="flex gap-2">
              <Deployments deployments={flow.deployments} />
            </span>
          </div>
          {shown.graph?.description && <p className="text-prose text-ink-2">{shown.graph.description}</p>}
        </div>
        <Publish flow={flow} />
      </header>
      <div className="flex min-h-0 flex-1 max-lg:flex-col">
        <div className="relative min-h-48 min-w-0 flex-1 bg-sunken">
          {shown.graph ? (
            <Suspense fallback={<div className="skeleton absolute inset-8 opacity-40" />}>
              <FlowGraph
                key={shown.label}
                graph={shown.graph}
                steps={steps}
                selected={node}
                onSelect={select}
              />
            </Suspense>
          ) : (
            !shown.loading && <p className="p-6 text-prose text-ink-2">{t('flows.noShape')}</p>
          )}
          <p className="pointer-events-none absolute top-3 left-4 text-small text-ink-3">{shown.label}</p>
        </div>
        <Side flow={flow} graph={shown.graph} text={shown.text} label={shown.label} />
      </div>
    </article>
  )
}

interface Shown {
  graph: GraphView | undefined
  text: string | undefined
  label: string
  loading: boolean
}

/** The version that is looked at, or the draft; a draft without a shape shows that of the newest version. */
function useShown(flow: FlowDetail, wanted: number | undefined): Shown {
  const { t } = useTranslation()
  const newest = flow.versions[0]?.number
  const number = wanted ?? (flow.graph ? undefined : newest)
  const query = useQuery({ ...versionQuery(flow.name, number ?? 0), enabled: number !== undefined })
  if (number === undefined) {
    return { graph: flow.graph ?? undefined, text: flow.draft, label: t('flows.draft'), loading: false }
  }
  return {
    graph: query.data?.graph ?? undefined,
    text: wanted === undefined ? flow.draft : query.data?.definition,
    label: t('trace.version', { number }),
    loading: query.isPending,
  }
}

/** The steps of the run that is laid over the canvas. */
function useSteps(run: string | undefined) {
  const row = useQuery({ ...runQuery(run ?? ''), enabled: run !== undefined })
  const whole = useQuery({ ...trace(row.data?.event ?? ''), enabled: row.isSuccess && run !== undefined })
  return run ? whole.data?.runs.find((one) => one.id === run)?.steps : undefined
}
