import '@xyflow/react/dist/base.css'
import {
  Background,
  BackgroundVariant,
  BaseEdge,
  Controls,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react'
import { memo, useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView, StepTrace } from '~/api/queries'
import { duration } from '~/ui/duration'
import { markOfStep } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'
import { kindIcon, kindName } from './kinds'
import { type Direction, type Layout, layoutOf, NODE, START, START_ID } from './layout'
import { type Route, routesOf } from './route'

interface FlowGraphProps {
  graph: GraphView
  /** The steps of a run, to be shown on their nodes. */
  steps: StepTrace[] | undefined
  selected: string | undefined
  onSelect: (node: string | undefined) => void
}

interface StartData extends Record<string, unknown> {
  direction: Direction
}

interface StepData extends StartData {
  kind: string
  step: StepTrace | undefined
}

type StepNode = Node<StepData, 'step'>
type StartNode = Node<StartData, 'start'>
type PortEdge = Edge<{ port: string; taken: boolean | undefined; route: Route | undefined }, 'port'>

const NODE_TYPES = { step: memo(StepCard), start: memo(Start) }
const EDGE_TYPES = { port: memo(Port) }

/** A flow as a graph; the thread runs through it. */
export default function FlowGraph(props: FlowGraphProps) {
  const [canvas, setCanvas] = useState<{ width: number; height: number }>()
  const measure = useCallback((element: HTMLDivElement | null) => {
    if (element) setCanvas({ width: element.clientWidth, height: element.clientHeight })
  }, [])
  return (
    <div ref={measure} className="h-full">
      {canvas && <Canvas {...props} canvas={canvas} />}
    </div>
  )
}

function Canvas({
  graph,
  steps,
  selected,
  onSelect,
  canvas,
}: FlowGraphProps & { canvas: { width: number; height: number } }) {
  const { t } = useTranslation()
  const layout = useMemo(() => layoutOf(graph, canvas), [graph, canvas])
  const routes = useMemo(() => routesOf(graph, layout), [graph, layout])
  const nodes = useMemo(() => nodesOf(graph, layout, steps, selected), [graph, layout, steps, selected])
  const edges = useMemo(() => edgesOf(graph, routes, steps), [graph, routes, steps])
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodeClick={(_, node) => node.id !== START_ID && onSelect(node.id)}
      onPaneClick={() => onSelect(undefined)}
      onNodesChange={(changes) => {
        // Enter on a focused node selects it; only this of all changes means something here.
        const chosen = changes.find((change) => change.type === 'select' && change.selected)
        if (chosen && 'id' in chosen && chosen.id !== START_ID) onSelect(chosen.id)
      }}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      deleteKeyCode={null}
      fitView
      fitViewOptions={{ maxZoom: 1, padding: 0.12 }}
      minZoom={0.08}
      maxZoom={1.5}
      proOptions={{ hideAttribution: true }}
      aria-label={t('flows.canvas')}
      ariaLabelConfig={{
        'controls.zoomIn.ariaLabel': t('flows.zoomIn'),
        'controls.zoomOut.ariaLabel': t('flows.zoomOut'),
        'controls.fitView.ariaLabel': t('flows.fit'),
        'node.a11yDescription.default': t('flows.nodeKeys'),
      }}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} color="var(--line-strong)" />
      <Controls showInteractive={false} />
    </ReactFlow>
  )
}

function nodesOf(
  graph: GraphView,
  { places, direction }: Layout,
  steps: StepTrace[] | undefined,
  selected: string | undefined,
): (StepNode | StartNode)[] {
  const start: StartNode = {
    id: START_ID,
    type: 'start',
    position: places.get(START_ID) ?? { x: 0, y: 0 },
    data: { direction },
    selectable: false,
    focusable: false,
    ...START,
  }
  const cards = graph.nodes.map(
    (node): StepNode => ({
      id: node.id,
      type: 'step',
      position: places.get(node.id) ?? { x: 0, y: 0 },
      selected: node.id === selected,
      data: { direction, kind: node.kind, step: steps?.find((step) => step.id === node.id) },
      ...NODE,
    }),
  )
  return [start, ...cards]
}

function edgesOf(graph: GraphView, routes: Route[], steps: StepTrace[] | undefined): PortEdge[] {
  return graph.edges.map(({ from, port, to }, at) => ({
    id: `${from ?? START_ID}.${port}->${to}`,
    source: from ?? START_ID,
    target: to,
    type: 'port',
    data: { port, taken: steps && wasTaken(steps, from ?? undefined, port), route: routes[at] },
  }))
}

/** Whether a run went along an edge: its step left by the edge's port. */
function wasTaken(steps: StepTrace[], from: string | undefined, port: string): boolean {
  if (!from) return true
  const step = steps.find((one) => one.id === from)
  if (step?.state === 'recovered') return port === 'failed'
  return step?.tries.at(-1)?.port === port
}

function StepCard({ id, data, selected }: NodeProps<StepNode>) {
  const { i18n } = useTranslation()
  const word = useWord()
  const Icon = kindIcon(data.kind)
  const { step } = data
  const took = step?.tries.reduce((sum, made) => sum + made.took_us, 0)
  const skipped = step?.state === 'skipped' || step?.state === 'pending'
  return (
    <div
      className={`flex h-full items-center gap-2.5 rounded-base border bg-raised px-3 ${selected ? 'border-accent shadow-[0_0_0_1px_var(--accent)]' : 'border-line-strong'} ${skipped ? 'opacity-55' : ''}`}
    >
      <Handle
        type="target"
        position={data.direction === 'LR' ? Position.Left : Position.Top}
        isConnectable={false}
      />
      <Icon size={17} strokeWidth={1.6} aria-hidden="true" className="shrink-0 text-ink-3" />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-table leading-5 font-medium">{id}</span>
        <span className="block truncate text-small leading-4 text-ink-3">{kindName(data.kind)}</span>
      </span>
      {step && (
        <span className="flex shrink-0 flex-col items-end gap-0.5">
          <MarkIcon mark={markOfStep(step.state)} size={12} />
          <span className="sr-only">{word(step.state)}</span>
          <span className="tabular text-micro leading-3 text-ink-3">
            {took ? duration(took / 1_000, i18n.language) : ''}
          </span>
        </span>
      )}
      <Handle
        type="source"
        position={data.direction === 'LR' ? Position.Right : Position.Bottom}
        isConnectable={false}
      />
    </div>
  )
}

function Start({ data }: NodeProps<StartNode>) {
  return (
    <div className="grid h-full place-items-center">
      <svg width="22" height="22" viewBox="-11 -11 22 22" aria-hidden="true">
        <circle r={8} fill="var(--raised)" stroke="var(--ink-3)" strokeWidth={1.6} />
        <circle r={2.4} fill="var(--ink-3)" />
      </svg>
      <Handle
        type="source"
        position={data.direction === 'LR' ? Position.Right : Position.Bottom}
        isConnectable={false}
      />
    </div>
  )
}

function Port({ id, data }: EdgeProps<PortEdge>) {
  if (!data?.route) return null
  const idle = data.taken === false
  const stroke = data.taken ? 'var(--ink-2)' : 'var(--thread)'
  const named = data.port !== 'next'
  return (
    <>
      <BaseEdge
        id={id}
        path={data.route.path}
        style={{ stroke, strokeWidth: data.taken ? 1.6 : 1.25, strokeDasharray: idle ? '3 4' : undefined }}
      />
      {named && (
        <EdgeLabelRenderer>
          <span
            className={`absolute rounded-small bg-surface px-1 font-mono text-micro ${idle ? 'text-ink-3' : 'text-ink-2'}`}
            style={{
              transform: `translate(-50%, -50%) translate(${data.route.label.x}px, ${data.route.label.y}px)`,
            }}
          >
            {data.port}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
}
