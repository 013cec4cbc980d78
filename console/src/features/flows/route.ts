import type { GraphView } from '~/api/queries'
import { type Direction, type Layout, NODE, type Place, START, START_ID } from './layout'

/** What an edge goes round. */
export interface Block extends Place {
  width: number
  height: number
}

export interface Route {
  /** SVG path data. */
  path: string
  /** Where the edge's name stands. */
  label: Place
}

/** How far an edge keeps from the nodes that it passes alongside. */
const DISTANCE = 22

/** How far the middle of an edge's name is behind the first corner, and before its end. */
const NAME = { behind: 26, before: 16 }

/** The radius of a corner. */
const RADIUS = 10

/** The route of each edge of a graph, in their order. */
export function routesOf(graph: GraphView, { places, direction, gap }: Layout): Route[] {
  const block = (id: string): Block => {
    return { ...(places.get(id) ?? { x: 0, y: 0 }), ...(id === START_ID ? START : NODE) }
  }
  const blocks = [...places.keys()].map(block)
  return graph.edges.map(({ from, to }) => {
    const [begin, end] = ends(block(from ?? START_ID), block(to), direction)
    return routeOf(begin, end, blocks, direction, gap)
  })
}

/** Where an edge leaves one node and enters the other. */
function ends(from: Block, to: Block, direction: Direction): [Place, Place] {
  if (direction === 'LR') {
    return [
      { x: from.x + from.width, y: from.y + from.height / 2 },
      { x: to.x, y: to.y + to.height / 2 },
    ]
  }
  return [
    { x: from.x + from.width / 2, y: from.y + from.height },
    { x: to.x + to.width / 2, y: to.y },
  ]
}

/**
 * The way of an edge in straight lines along the axes: with as few corners as get it past every node that lies
 * between. `gap` is what lies free between two ranks of nodes; edges turn in the middle of it, so that those
 * which meet at a node run together.
 */
export function routeOf(from: Place, to: Place, blocks: Block[], direction: Direction, gap: number): Route {
  const turned = direction === 'TB'
  const inWay = turned ? blocks.map(turnBlock) : blocks
  const ways = turned ? waysOf(turn(from), turn(to), inWay, gap) : waysOf(from, to, inWay, gap)
  const way = ways.find((one) => !inWay.some((block) => hits(one, block))) ?? ways[0] ?? []
  const points = turned ? way.map(turn) : way
  return { path: pathOf(points), label: labelOf(points, gap) }
}

/** The ways from left to right that come into question, the best first. */
function waysOf(from: Place, to: Place, blocks: Block[], gap: number): Place[][] {
  const ways: Place[][] = []
  const [leave, arrive] = [from.x + gap / 2, to.x - gap / 2]
  if (to.x > from.x) {
    if (Math.abs(to.y - from.y) < 1) ways.push([from, to])
    for (const x of to.x - from.x <= gap + 1 ? [(from.x + to.x) / 2] : [arrive, leave]) {
      ways.push([from, { x, y: from.y }, { x, y: to.y }, to])
    }
  }
  const lanes = blocks.flatMap(({ y, height }) => [y - DISTANCE, y + height + DISTANCE])
  const detour = (y: number) => Math.abs(y - from.y) + Math.abs(y - to.y)
  for (const y of [...new Set(lanes)].sort((one, other) => detour(one) - detour(other))) {
    ways.push([from, { x: leave, y: from.y }, { x: leave, y }, { x: arrive, y }, { x: arrive, y: to.y }, to])
  }
  return ways
}

function hits(way: Place[], { x, y, width, height }: Block): boolean {
  return way.some((end, at) => {
    const begin = way[at - 1]
    if (!begin) return false
    const [left, right] = [Math.min(begin.x, end.x), Math.max(begin.x, end.x)]
    const [top, bottom] = [Math.min(begin.y, end.y), Math.max(begin.y, end.y)]
    // An edge touches the nodes that it joins, and is not in their way.
    return left < x + width && right > x && top < y + height && bottom > y
  })
}

const turn = ({ x, y }: Place): Place => ({ x: y, y: x })

const turnBlock = ({ x, y, width, height }: Block): Block => ({ x: y, y: x, width: height, height: width })

function pathOf(points: Place[]): string {
  return points
    .map((point, at) => {
      const [before, after] = [points[at - 1], points[at + 1]]
      if (!before) return `M${point.x} ${point.y}`
      if (!after) return `L${point.x} ${point.y}`
      const radius = Math.min(RADIUS, length(before, point) / 2, length(point, after) / 2)
      const [into, outOf] = [towards(point, before, radius), towards(point, after, radius)]
      return `L${into.x} ${into.y}Q${point.x} ${point.y} ${outOf.x} ${outOf.y}`
    })
    .join('')
}

/** Where the way has just parted from those of the node's other ports, and before it meets any at its end. */
function labelOf(points: Place[], gap: number): Place {
  const whole = points.reduce((sum, end, at) => sum + length(points[at - 1] ?? end, end), 0)
  let left = Math.min(gap / 2 + NAME.behind, whole - NAME.before)
  let begin = points[0] ?? { x: 0, y: 0 }
  for (const end of points.slice(1)) {
    const long = length(begin, end)
    if (left <= long) return towards(begin, end, left)
    left -= long
    begin = end
  }
  return begin
}

const length = (one: Place, other: Place) => Math.abs(one.x - other.x) + Math.abs(one.y - other.y)

function towards(from: Place, to: Place, distance: number): Place {
  const step = (here: number, there: number) => here + Math.sign(there - here) * distance
  return { x: step(from.x, to.x), y: step(from.y, to.y) }
}
