import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { SquarePen, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowDetail, GraphView } from '~/api/queries'
import { BUTTON, LOOKS } from '~/ui/Button'
import { CopyButton } from '~/ui/Copy'
import { IconButton } from '~/ui/IconButton'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { kindIcon, kindName } from './kinds'
import { LastRuns } from './LastRuns'
import { Problems } from './Problems'
import { Versions } from './Versions'

interface SideProps {
  flow: FlowDetail
  graph: GraphView | undefined
  text: string | undefined
  /** Which version is looked at. */
  label: string
}

/** What belongs to a flow, beside its canvas; or to the chosen node. */
export function Side({ flow, graph, text, label }: SideProps) {
  const { node } = useSearch({ from: '/frame/flows/$name' })
  const chosen = graph?.nodes.find(({ id }) => id === node)
  return (
    <aside className="flex min-h-0 w-92 shrink-0 flex-col border-l border-line bg-surface max-lg:h-1/2 max-lg:w-full max-lg:border-t max-lg:border-l-0">
      {chosen ? (
        <NodeSide key={chosen.id} node={chosen} flow={flow} />
      ) : (
        <FlowSide flow={flow} graph={graph} text={text} label={label} />
      )}
    </aside>
  )
}

function FlowSide({ flow, graph, text, label }: SideProps) {
  const { t } = useTranslation()
  const [tab, setTab] = useState(flow.problems.length > 0 ? 'problems' : 'runs')
  return (
    <Tabs.Root value={tab} onValueChange={setTab} className="flex min-h-0 flex-1 flex-col">
      <Tabs.List aria-label={t('flows.aspects')} className="flex shrink-0 gap-1 border-b border-line px-2">
        {flow.problems.length > 0 && (
          <Tab value="problems">{t('flows.problems', { count: flow.problems.length })}</Tab>
        )}
        <Tab value="runs">{t('flows.lastRuns')}</Tab>
        <Tab value="versions">{t('flows.versions')}</Tab>
        <Tab value="fields">{t('flows.fields')}</Tab>
        <Tab value="text">YAML</Tab>
      </Tabs.List>
      <TabPage value="problems">
        <Problems flow={flow} />
      </TabPage>
      <TabPage value="runs">
        <LastRuns flow={flow.name} />
      </TabPage>
      <TabPage value="versions">
        <Versions flow={flow} />
      </TabPage>
      <TabPage value="fields">
        <Fields inputs={graph?.inputs as Record<string, FieldView> | undefined} />
      </TabPage>
      <TabPage value="text">
        <div className="flex items-center justify-between px-4 py-2 text-small text-ink-3">
          {label}
          <CopyButton text={text ?? ''} what="YAML" />
        </div>
        <Yaml text={text ?? ''} />
      </TabPage>
    </Tabs.Root>
  )
}

function Tab({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Tabs.Trigger
      value={value}
      className="h-9 border-b-2 border-transparent px-2 text-small text-ink-2 outline-offset-[-3px] hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
    >
      {children}
    </Tabs.Trigger>
  )
}

function TabPage({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Tabs.Content value={value} className="thin-scroll min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]">
      {children}
    </Tabs.Content>
  )
}

interface FieldView {
  type?: string
  required?: boolean
  description?: string
  example?: unknown
  default?: unknown
}

/** The flow's inputs: what a sender has to give. */
function Fields({ inputs }: { inputs: Record<string, FieldView> | undefined }) {
  const { t } = useTranslation()
  const fields = Object.entries(inputs ?? {})
  if (fields.length === 0) return <p className="p-4 text-ink-3">{t('flows.noFields')}</p>
  return (
    <dl>
      {fields.map(([name, field]) => (
        <div key={name} className="border-b border-line px-4 py-2.5">
          <dt className="flex items-baseline gap-2">
            <code className="font-mono text-small text-code-key">{name}</code>
            <span className="text-small text-ink-3">
              {typeof field.type === 'string' ? field.type : JSON.stringify(field.type)}
            </span>
            {field.required && <span className="ml-auto text-small text-ink-2">{t('flows.required')}</span>}
          </dt>
          {field.description && <dd className="text-ink-2">{field.description}</dd>}
          {field.example !== undefined && field.example !== null && (
            <dd className="text-small text-ink-3">{t('flows.example', { value: String(field.example) })}</dd>
          )}
        </div>
      ))}
    </dl>
  )
}

/** A node: its kind and its settings, as the flow's text has them. */
function NodeSide({ node, flow }: { node: GraphView['nodes'][number]; flow: FlowDetail }) {
  const { t } = useTranslation()
  const here = useNavigate({ from: '/flows/$name' })
  const { run } = useSearch({ from: '/frame/flows/$name' })
  const Icon = kindIcon(node.kind)
  const yaml = toYaml({ kind: kindName(node.kind), ...(node.config as object) })
  const problems = flow.problems.filter((problem) => problem.node === node.id)
  return (
    <>
      <div className="flex shrink-0 items-center gap-2 border-b border-line py-1.5 pr-2 pl-4">
        <Icon size={16} strokeWidth={1.6} aria-hidden="true" className="text-ink-3" />
        <h2 className="truncate text-prose font-semibold">{node.id}</h2>
        <span className="font-mono text-small text-ink-3">{node.kind}</span>
        <span className="ml-auto flex">
          <CopyButton text={yaml} what="YAML" />
          <IconButton
            icon={X}
            label={t('close')}
            keys="Esc"
            onClick={() => void here({ search: (before) => ({ ...before, node: undefined }), replace: true })}
          />
        </span>
      </div>
      <div className="thin-scroll min-h-0 flex-1 overflow-y-auto py-3">
        {kindName(node.kind) === 'deliver' && (
          <p className="px-4 pb-3">
            <Link
              to="/flows/$name/nodes/$node/message"
              params={{ name: flow.name, node: node.id }}
              search={{ data: run }}
              className={`${BUTTON} ${LOOKS.primary}`}
            >
              <SquarePen size={14} aria-hidden="true" />
              {t('message.edit')}
            </Link>
          </p>
        )}
        {problems.length > 0 && <Problems flow={{ ...flow, problems }} />}
        <Yaml text={yaml} />
      </div>
    </>
  )
}
