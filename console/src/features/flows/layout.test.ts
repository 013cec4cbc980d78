import { describe, expect, it } from 'vitest'
import type { GraphView } from '~/api/queries'
import { layoutOf, START_ID } from './layout'

const WIDE = { width: 1_600, height: 300 }
const TALL = { width: 500, height: 900 }

function chain(ids: string[], positions: [number, number][] = []): GraphView {
  const nodes = ids.map((id, place) => ({
    id,
    kind: 'template@1',
    config: {},
    position: positions[place] ?? null,
  }))
  const edges = ids.map((to, place) => ({ from: ids[place - 1] ?? null, port: 'next', to }))
  return { nodes, edges, inputs: {} } as unknown as GraphView
}

describe('the layout', () => {
  it('runs in the direction that fills the canvas', () => {
    const graph = chain(['a', 'b', 'c', 'd', 'e'])
    expect(layoutOf(graph, WIDE).direction).toBe('LR')
    expect(layoutOf(graph, TALL).direction).toBe('TB')
  })

  it('goes along the edges, from the start on', () => {
    const { places } = layoutOf(chain(['a', 'b', 'c']), WIDE)
    const xs = [START_ID, 'a', 'b', 'c'].map((id) => places.get(id)?.x ?? Number.NaN)
    expect(xs).toEqual([...xs].sort((one, other) => one - other))
    expect(new Set(xs).size).toBe(4)
  })

  it('leaves nodes where the author put them', () => {
    const { places, direction } = layoutOf(
      chain(
        ['a', 'b'],
        [
          [0, 0],
          [2, 1],
        ],
      ),
      TALL,
    )
    const [a, b] = [places.get('a'), places.get('b')]
    expect(direction).toBe('LR')
    expect((b?.x ?? 0) - (a?.x ?? 0)).toBe(560)
    expect((b?.y ?? 0) - (a?.y ?? 0)).toBe(96)
    expect(places.get(START_ID)?.x).toBeLessThan(a?.x ?? 0)
  })

  it('lays everything out anew when a node has no place', () => {
    expect(layoutOf(chain(['a', 'b'], [[0, 0]]), TALL).direction).toBe('TB')
  })
})
