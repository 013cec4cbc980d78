import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type FlowSummary, flows } from '~/api/queries'
import { environmentName } from '~/app/frame/EnvironmentSwitch'
import { useKeys } from '~/app/frame/keys'
import { Empty } from '~/ui/Empty'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'

/** The flows, and what serves each of them where. */
export function FlowsPage() {
  const { t } = useTranslation()
  const query = useQuery(flows())
  const rows = [...(query.data ?? [])].sort((one, other) => one.name.localeCompare(other.name))
  useRowKeys()
  return (
    <section aria-label={t('areas.flows')} className="flex h-full flex-col">
      <h1 className="shrink-0 px-4 py-3 text-title font-semibold">{t('areas.flows')}</h1>
      <div className="thin-scroll min-h-0 flex-1 overflow-y-auto">
        {query.isPending && <Skeletons />}
        {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && rows.length === 0 && (
          <Empty title={t('flows.none')} example={example(location.origin)} exampleName="curl">
            {t('flows.noneText')}
          </Empty>
        )}
        {rows.length > 0 && <Table rows={rows} />}
      </div>
    </section>
  )
}

const ROW = 'grid grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)_112px] items-center gap-3 px-4'

function Table({ rows }: { rows: FlowSummary[] }) {
  const { t } = useTranslation()
  return (
    <div role="table" aria-label={t('areas.flows')}>
      <div role="rowgroup" className="sticky top-0 z-10 bg-surface">
        <div role="row" className={`${ROW} h-7 border-b border-line text-small text-ink-3`}>
          <div role="columnheader">{t('columns.name')}</div>
          <div role="columnheader">{t('flows.serves')}</div>
          <div role="columnheader" className="text-right">
            {t('columns.changed')}
          </div>
        </div>
      </div>
      <div role="rowgroup">
        {rows.map((flow) => (
          <div
            key={flow.id}
            role="row"
            className={`${ROW} relative h-11 border-b border-line hover:bg-hover`}
          >
            <div role="cell" className="truncate text-prose">
              <Link
                to="/flows/$name"
                params={{ name: flow.name }}
                aria-label={flow.name}
                className="absolute inset-0 rounded-none outline-offset-[-2px]"
              />
              {flow.name}
            </div>
            <div role="cell" className="flex min-w-0 gap-2">
              <Deployments flow={flow} />
            </div>
            <div role="cell" className="text-right text-ink-2">
              <Time at={flow.updated_at} className="tabular" />
            </div>
          </div>
        ))}
      </div>
    </div>
  )
}

/** Which version serves where, production first. */
export function Deployments({ flow }: { flow: Pick<FlowSummary, 'deployments'> }) {
  const { t } = useTranslation()
  const sorted = [...flow.deployments].sort((one) => (one.environment === 'production' ? -1 : 1))
  if (sorted.length === 0) return <span className="text-ink-3">{t('flows.nowhere')}</span>
  return sorted.map(({ environment, version }) => (
    <span
      key={environment}
      className={`inline-flex h-5 shrink-0 items-center gap-1.5 rounded-small border px-1.5 text-small ${environment === 'production' ? 'border-production text-ink' : 'border-line-strong text-ink-2'}`}
    >
      {environmentName(t, environment)}
      <span className="tabular font-medium">v{version}</span>
    </span>
  ))
}

/** `j` and `k` move the focus along the rows. */
function useRowKeys() {
  const move = (by: number) => {
    const links = [...document.querySelectorAll<HTMLElement>('[role=row] a')]
    const place = links.indexOf(document.activeElement as HTMLElement)
    links[place < 0 ? 0 : Math.max(0, Math.min(links.length - 1, place + by))]?.focus()
  }
  useKeys({ j: () => move(1), k: () => move(-1) })
}

function Skeletons() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')}>
      {[38, 30, 44].map((width) => (
        <div key={width} className="flex h-11 items-center border-b border-line px-4">
          <div className="skeleton h-3" style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  )
}

function example(origin: string): string {
  return `curl -X PUT ${origin}/api/v1/flows/hello \\
  -H 'authorization: Bearer lpk_…' -H 'content-type: application/json' \\
  --data-binary @- <<'JSON'
{"definition": "linchpin: flow/v1\\nname: hello\\ninputs:\\n  name: { type: string, required: true }\\nnodes:\\n  greeting: { kind: template, text: \\"Hello {{ input.name }}\\" }\\nedges:\\n  - start -> greeting\\noutputs: { text: \\"{{ nodes.greeting.text }}\\" }\\n"}
JSON`
}
