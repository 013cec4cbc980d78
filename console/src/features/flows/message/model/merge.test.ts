import { describe, expect, it } from 'vitest'
import { merged, partsChanged } from './merge'

const BASE = `nodes:
  tell: # the desk
    kind: deliver
    body: { title: a, 优先级: 1 }
  note:
    kind: set
edges: []
`

describe('two changes of one text', () => {
  it('are both kept, with the comments of theirs', () => {
    const theirs = BASE.replace('title: a', 'title: theirs').replace('kind: set', 'kind: set # why')
    const mine = BASE.replace('优先级: 1', '优先级: 2').replace('body:', 'await: true\n    body:')
    expect(merged(BASE, mine, theirs)).toBe(
      theirs.replace('优先级: 1', '优先级: 2').replace('}\n', '}\n    await: true\n'),
    )
  })

  it('end with this side where both changed the same', () => {
    const theirs = BASE.replace('title: a', 'title: theirs')
    expect(merged(BASE, BASE.replace('title: a', 'title: mine'), theirs)).toContain('title: mine')
    const both = BASE.replace('title: a, ', '')
    expect(merged(BASE, both, both)).toBe(both)
  })

  it('are told by the steps that they are in', () => {
    expect(
      partsChanged(BASE, BASE.replace('title: a', 'title: b').replace('edges: []', 'edges: [x]')),
    ).toEqual(['edges', 'tell'])
    expect(partsChanged(BASE, BASE.replace('# the desk', '# other'))).toEqual([])
  })
})
