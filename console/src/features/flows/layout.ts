import { Graph, layout } from '@dagrejs/dagre'
import type { GraphView } from '~/api/queries'

/** A node's size on the canvas, in pixels. */
export const NODE = { width: 196, height: 52 }

/** The start's size: it is the request's mark. */
export const START = { width: 24, height: 24 }

/** The id of the start, which no node of a flow can have. */
export const START_ID = ':start'

/** What lies free between the columns and the rows of the author. */
const GAP = { column: 84, row: 44 }

/** What lies free between two ranks of nodes that are placed by their edges. */
const RANK_GAP = { LR: 72, TB: 44 }

export interface Place {
  x: number
  y: number
}

/** Which way the thread runs: to the right, or down. */
export type Direction = 'LR' | 'TB'

export interface Layout {
  places: Map<string, Place>
  direction: Direction
  /** What lies free between two ranks of nodes, along the direction. */
  gap: number
}

/**
 * Where each node is drawn: where the author put it; or if anything was left open, as the edges suggest,
 * in the direction that fills the canvas better.
 */
export function layoutOf(graph: GraphView, canvas: { width: number; height: number }): Layout {
  if (graph.nodes.length > 0 && graph.nodes.every((node) => node.position)) {
    return { places: byAuthor(graph), direction: 'LR', gap: GAP.column }
  }
  const [right, down] = [byEdges(graph, 'LR'), byEdges(graph, 'TB')]
  const scale = ({ places }: Layout) => {
    const all = [...places.values()]
    const width = Math.max(...all.map(({ x }) => x)) + NODE.width
    const height = Math.max(...all.map(({ y }) => y)) + NODE.height
    return Math.min(1, canvas.width / width, canvas.height / height)
  }
  return scale(right) >= scale(down) ? right : down
}

function byAuthor(graph: GraphView): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const { id, position } of graph.nodes) {
    const [column = 0, row = 0] = (position ?? []) as number[]
    places.set(id, { x: column * (NODE.width + GAP.column), y: row * (NODE.height + GAP.row) })
  }
  const left = Math.min(...[...places.values()].map(({ x }) => x))
  const first = graph.edges.find((edge) => !edge.from)
  const beside = places.get(first?.to ?? '') ?? { x: left, y: 0 }
  places.set(START_ID, { x: left - START.width - 64, y: beside.y + (NODE.height - START.height) / 2 })
  return places
}

function byEdges(graph: GraphView, direction: Direction): Layout {
  const drawn = new Graph({ multigraph: true })
  drawn.setGraph({
    rankdir: direction,
    nodesep: direction === 'LR' ? 28 : 40,
    ranksep: RANK_GAP[direction],
  })
  drawn.setDefaultEdgeLabel(() => ({}))
  drawn.setNode(START_ID, { ...START })
  for (const { id } of graph.nodes) drawn.setNode(id, { ...NODE })
  for (const { from, to, port } of graph.edges) drawn.setEdge(from ?? START_ID, to, {}, port)
  layout(drawn)
  const places = new Map<string, Place>()
  for (const id of drawn.nodes()) {
    const { x = 0, y = 0, width = 0, height = 0 } = drawn.node(id)
    places.set(id, { x: x - width / 2, y: y - height / 2 })
  }
  return { places, direction, gap: RANK_GAP[direction] }
}
