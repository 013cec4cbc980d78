import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '~/api/problem'
import { flow as flowQuery, type SourceView, sources } from '~/api/queries'
import { useEnvironment, useNames } from '~/app/environment'
import { Copyable } from '~/ui/Copy'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { InOut, Panel } from '../payload/Panel'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import { curlOf, type SourceConfig, sampleOf } from './config'
import { Refusals } from './Refusals'
import { ScheduleDetail } from './ScheduleDetail'

/** `/sources/{id}`: how do I call it, and why was I refused? Or when does it tick? */
export function SourcePage() {
  const { source: id } = useParams({ from: '/frame/sources/$source' })
  const query = useQuery(sources(useEnvironment()))
  if (query.isPending) return <TraceSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  const source = query.data.find((one) => one.id === id)
  if (!source) return <Problem error={new ApiProblem({ status: 404, code: 'not_found' })} />
  return <SourceDetail key={source.id} source={source} />
}

function SourceDetail({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const config = source.config as SourceConfig
  const flow = useNames(source.environment).flow(source.flow)
  return (
    <article aria-label={source.name} className="@container thin-scroll flex h-full flex-col overflow-y-auto">
      <header className="shrink-0 border-b border-line px-4 py-3">
        <div className="flex items-center gap-2">
          <span className="-ml-1.5 xl:hidden">
            <IconButton
              icon={ArrowLeft}
              label={t('back')}
              keys="Esc"
              onClick={() => void navigate({ to: '/sources' })}
            />
          </span>
          <h1 className="truncate text-title font-semibold">{source.name}</h1>
          {flow && (
            <Link
              to="/flows/$name"
              params={{ name: flow }}
              className="truncate rounded-small text-prose text-ink-2 hover:text-accent"
            >
              → {flow}
            </Link>
          )}
          <Link
            to="/events"
            search={{ source: source.id }}
            className="ml-auto shrink-0 rounded-small text-small text-accent underline underline-offset-2"
          >
            {t('sources.events')}
          </Link>
        </div>
        <div className="mt-1 flex flex-wrap items-center gap-x-4">
          {source.url && <Copyable text={source.url} what="URL" />}
          {!source.enabled && <span className="text-small text-failed">{t('sources.off')}</span>}
        </div>
        {config.verification?.scheme === 'none' && (
          <p className="mt-2 flex items-center gap-2 text-ink-2">
            <TriangleAlert size={14} aria-hidden="true" className="shrink-0 text-waiting" />
            {t('sources.open')}
          </p>
        )}
      </header>
      <div className="shrink-0 border-b border-line">
        {source.url ? (
          <InOut>
            <Call url={source.url} flow={flow} config={config} />
            <Panel title={t('sources.settings')} copy={toYaml(source.config)}>
              <div className="-mx-4">
                <Yaml text={toYaml(source.config)} />
              </div>
            </Panel>
          </InOut>
        ) : (
          <ScheduleDetail source={source} />
        )}
      </div>
      {source.url && <Refusals environment={source.environment} source={source.id} />}
    </article>
  )
}

function Call({ url, flow, config }: { url: string; flow: string | undefined; config: SourceConfig }) {
  const { t } = useTranslation()
  const { data } = useQuery({ ...flowQuery(flow ?? ''), enabled: flow !== undefined })
  const curl = curlOf(url, config, sampleOf((data?.graph?.inputs ?? {}) as Parameters<typeof sampleOf>[0]))
  return (
    <Panel title={t('sources.call')} note={t('sources.callNote')} copy={curl}>
      <pre className="font-mono text-small leading-5 break-all whitespace-pre-wrap">{curl}</pre>
    </Panel>
  )
}
