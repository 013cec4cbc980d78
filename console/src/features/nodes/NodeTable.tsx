import { Unplug } from 'lucide-react'
import type { CSSProperties, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import type { NodeRow } from '~/api/queries'
import { Copyable } from '~/ui/Copy'
import { Ago, Time } from '~/ui/Time'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'
import type { Cluster } from './cluster'
import { RoleTags, Tag } from './RoleTags'

/** The columns where there is room for them; elsewhere each row is a card, whose values carry their heads. */
const COLUMNS = `minmax(112px, 1fr) 62px 66px minmax(0, max-content) 44px minmax(76px, max-content)
  minmax(68px, max-content) minmax(148px, 1fr)`

const ROW = '@5xl:col-span-full @5xl:grid @5xl:grid-cols-subgrid @5xl:items-center'

interface NodeTableProps {
  nodes: NodeRow[]
  cluster: Cluster
}

/** The nodes, a row each, in the API's order: by name, so that none moves while somebody reads. */
export function NodeTable({ nodes, cluster }: NodeTableProps) {
  const { t } = useTranslation()
  return (
    <div
      role="table"
      aria-label={t('areas.nodes')}
      style={{ '--columns': COLUMNS } as CSSProperties}
      className="@max-5xl:border-t @max-5xl:border-line @5xl:grid @5xl:gap-x-4 @5xl:[grid-template-columns:var(--columns)]"
    >
      <Heads />
      <div role="rowgroup" className="contents">
        {nodes.map((node) => (
          <Row key={node.id} node={node} nodes={nodes} cluster={cluster} />
        ))}
      </div>
    </div>
  )
}

function Heads() {
  const { t } = useTranslation()
  const heads: { head: string; end?: boolean }[] = [
    { head: t('columns.name') },
    { head: t('columns.status') },
    { head: t('nodes.heartbeat') },
    { head: t('nodes.does') },
    { head: t('areas.runs'), end: true },
    { head: t('nodes.version') },
    { head: t('nodes.started'), end: true },
    { head: t('nodes.address') },
  ]
  return (
    <div role="rowgroup" className={`${ROW} sticky top-0 z-10 bg-surface @max-5xl:hidden`}>
      <div role="row" className={`${ROW} h-7 border-b border-line px-4 text-small text-ink-3`}>
        {heads.map(({ head, end }) => (
          <div key={head} role="columnheader" className={end ? 'text-right' : ''}>
            {head}
          </div>
        ))}
      </div>
    </div>
  )
}

function Row({ node, nodes, cluster }: NodeTableProps & { node: NodeRow }) {
  const { t } = useTranslation()
  const word = useWord()
  const lost = node.state === 'lost'
  const older = !lost && node.version !== cluster.versions.at(-1)
  const sharesName = nodes.some(({ id, name }) => name === node.name && id !== node.id)
  return (
    <div
      role="row"
      className={`${ROW} flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1.5 border-b border-line px-4 py-1 @max-5xl:py-3 ${lost ? 'text-ink-3' : 'text-ink-2'}`}
    >
      <Cell className="flex flex-wrap items-center gap-x-2 gap-y-1 @max-5xl:flex-1">
        <span title={node.id} className={`min-w-0 break-words font-medium ${lost ? '' : 'text-ink'}`}>
          {node.name}
        </span>
        {sharesName && <code className="font-mono text-small text-ink-3">{shortId(node.id)}</code>}
        {node.is_here && <Tag title={t('nodes.hereText')}>{t('nodes.here')}</Tag>}
      </Cell>
      <Cell className={`flex items-center gap-2 text-ink ${lost ? 'font-medium' : ''}`}>
        <MarkIcon mark={lost ? 'dead' : 'succeeded'} />
        {word(node.state)}
      </Cell>
      <Cell>
        <span className="sr-only @5xl:hidden">{t('nodes.heartbeat')} </span>
        <Ago at={node.heartbeat_at} className={`tabular ${lost ? 'text-ink' : ''}`} />
      </Cell>
      <Cell className="@max-5xl:basis-full">
        <RoleTags node={node} />
      </Cell>
      <Cell head={t('areas.runs')} className="@5xl:text-right">
        <span className={`tabular ${lost ? '' : 'text-ink'}`}>{lost ? '–' : node.runs}</span>
      </Cell>
      <Cell head={t('nodes.version')} className="whitespace-nowrap">
        <span className={`tabular ${lost ? '' : 'text-ink'}`}>{node.version}</span>
        {older && <span className="text-small"> {t('nodes.older')}</span>}
      </Cell>
      <Cell head={t('nodes.started')} className="@5xl:text-right">
        <Time at={node.started_at} className="tabular" />
      </Cell>
      <Address address={node.address} reachable={!cluster.unreachable.includes(node)} />
    </div>
  )
}

function Address({ address, reachable }: { address: string | null | undefined; reachable: boolean }) {
  const { t } = useTranslation()
  const nothing = !address && reachable
  return (
    <Cell
      className={`flex flex-wrap items-center gap-x-2 @max-xl:basis-full ${nothing ? '@max-5xl:sr-only' : ''}`}
    >
      <span className="sr-only @5xl:hidden">{t('nodes.address')} </span>
      {!reachable && (
        <span className="flex items-center gap-1.5 text-ink">
          <Unplug size={14} strokeWidth={1.75} aria-hidden="true" className="shrink-0 text-waiting" />
          {t('nodes.unreachable')}
        </span>
      )}
      {address && <Copyable text={address} what={t('nodes.address')} />}
      {nothing && '–'}
    </Cell>
  )
}

/** A value; in a card with its head before it. */
function Cell({
  head,
  className = '',
  children,
}: {
  head?: string
  className?: string
  children: ReactNode
}) {
  return (
    <div role="cell" className={`min-w-0 ${className}`}>
      {head && <span className="text-small text-ink-3 @5xl:hidden">{head} </span>}
      {children}
    </div>
  )
}

/** As high as rows will be, so that nothing moves when they come. */
export function NodeSkeletons() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')} className="border-t border-line @5xl:mt-[27px]">
      {[64, 52, 58].map((width) => (
        <div key={width} className="flex h-9 items-center gap-6 border-b border-line px-4 @max-5xl:h-32">
          <div className="skeleton h-2.5 w-24" />
          <div className="skeleton h-2.5" style={{ width: `${width * 0.5}%` }} />
        </div>
      ))}
    </div>
  )
}
