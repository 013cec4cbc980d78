import { describe, expect, it } from 'vitest'
import { type Block, routeOf } from './route'

const GAP = 80
const SIZE = { width: 200, height: 50 }

/** A node in a column and a row of a grid. */
const node = (column: number, row: number): Block => ({ x: column * (200 + GAP), y: row * 100, ...SIZE })
const leave = ({ x, y, width, height }: Block) => ({ x: x + width, y: y + height / 2 })
const enter = ({ x, y, height }: Block) => ({ x, y: y + height / 2 })

/** The route between two nodes of some, as its corners. */
function corners(from: Block, to: Block, others: Block[] = []): string[] {
  const { path } = routeOf(leave(from), enter(to), [from, to, ...others], 'LR', GAP)
  return [...path.matchAll(/[MQ]([\d.-]+ [\d.-]+)|L([\d.-]+ [\d.-]+)$/g)].map(([, a, b]) => a ?? b ?? '')
}

describe('the route of an edge', () => {
  it('is straight where nothing lies between', () => {
    expect(corners(node(0, 0), node(2, 0))).toEqual(['200 25', '560 25'])
  })

  it('turns in the gap before its target', () => {
    expect(corners(node(0, 1), node(2, 0))).toEqual(['200 125', '520 125', '520 25', '560 25'])
    expect(corners(node(0, 1), node(1, 0))).toEqual(['200 125', '240 125', '240 25', '280 25'])
  })

  it('turns in the gap behind its source when a node lies in its row', () => {
    expect(corners(node(0, 1), node(2, 0), [node(1, 1)])).toEqual(['200 125', '240 125', '240 25', '560 25'])
  })

  it('goes between the rows when nodes lie in both', () => {
    const [from, to] = [node(0, 0), node(2, 0)]
    expect(corners(from, to, [node(1, 0)])).toEqual([
      '200 25',
      '240 25',
      '240 -22',
      '520 -22',
      '520 25',
      '560 25',
    ])
    expect(corners(node(0, 1), to, [node(1, 0), node(1, 1)])).toEqual([
      '200 125',
      '240 125',
      '240 78',
      '520 78',
      '520 25',
      '560 25',
    ])
  })

  it('comes back when the author put its target behind it', () => {
    const [from, to] = [node(1, 0), node(0, 1)]
    const { path } = routeOf(leave(from), enter(to), [from, to], 'LR', GAP)
    expect(path).toMatch(/^M480 25/)
    expect(path).toMatch(/L0 125$/)
  })

  it('is the same from top to bottom', () => {
    const turn = ({ x, y, width, height }: Block): Block => ({ x: y, y: x, width: height, height: width })
    const [from, to, between] = [node(0, 0), node(2, 1), node(1, 0)]
    const flip = ({ x, y }: { x: number; y: number }) => ({ x: y, y: x })
    const right = routeOf(leave(from), enter(to), [from, to, between], 'LR', GAP)
    const down = routeOf(flip(leave(from)), flip(enter(to)), [from, to, between].map(turn), 'TB', GAP)
    expect(flip(down.label)).toEqual(right.label)
  })

  it('has its name where it has parted from the others', () => {
    const label = (from: Block, to: Block, others: Block[] = []) =>
      routeOf(leave(from), enter(to), [from, to, ...others], 'LR', GAP).label
    expect(label(node(0, 0), node(1, 0))).toEqual({ x: 264, y: 25 })
    expect(label(node(0, 0), node(1, 1))).toEqual({ x: 240, y: 51 })
    expect(label(node(0, 1), node(2, 0), [node(1, 1)])).toEqual({ x: 240, y: 99 })
  })
})
