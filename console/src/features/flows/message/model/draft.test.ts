import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Change, changed, changedBy } from './draft'

const FLOW = `# The shop's flow.
linchpin: flow/v1
name: 售后助手

nodes:
  answer: { kind: template, text: "谢谢，{{ input.user_id }}" }   # a greeting
  ticket:
    kind: deliver          # to the desk
    destination: ticket-system
    # What the desk reads.
    body: # JSON
      title: "{{ input.query | truncate(80) }}"   # short
      标题: 来自 “商店” 的问题
      count: 3
      long: |
        one
        two

      # Lines of the order.
      lines:
        - sku: A-1 # first
          n: 2
        - sku: "00123"
          n: 2.50
      tags: [ a, "b, c", 3 ]  # few
      who: { id: "{{ input.user_id }}", vip: true }
      nothing:
    order_key: "{{ input.id }}"

edges:
  - start -> answer -> ticket
`

const BODY = ['nodes', 'ticket', 'body'] as const
const at = (...path: (string | number)[]) => [...BODY, ...path]
const set = (path: (string | number)[], value: unknown): Change => ({ do: 'set', path, value })
const body = (text: string) => (parse(text) as typeof parsed).nodes.ticket.body
const parsed = parse(FLOW) as { nodes: { ticket: { body: Record<string, unknown> } } }

/** The lines that went and those that came, so that all others are seen to have stayed. */
function difference(before: string, after: string): string[] {
  const [old, young] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < old.length && old[head] === young[head]) head++
  let tail = 0
  while (tail < old.length - head && tail < young.length - head && old.at(-1 - tail) === young.at(-1 - tail))
    tail++
  const middle = (lines: string[]) => lines.slice(head, lines.length - tail)
  return [...middle(old).map((line) => `-${line}`), ...middle(young).map((line) => `+${line}`)]
}

const edit = (...changes: Change[]) => difference(FLOW, changedBy(FLOW, changes))

describe('setting a value', () => {
  it('leaves all other bytes, and the comment on its line', () => {
    expect(edit(set(at('title'), '{{ input.query }}'))).toEqual([
      '-      title: "{{ input.query | truncate(80) }}"   # short',
      '+      title: "{{ input.query }}"   # short',
    ])
    expect(edit(set(['nodes', 'ticket', 'destination'], '工单'))).toEqual([
      '-    destination: ticket-system',
      '+    destination: 工单',
    ])
  })

  it('keeps numbers numbers, and texts that look like something else texts', () => {
    expect(edit(set(at('count'), 4.5))).toEqual(['-      count: 3', '+      count: 4.5'])
    for (const value of [
      '4',
      '',
      'true',
      'null',
      '~',
      '2026-01-01',
      '- a',
      'a: b',
      '#x',
      '{a}',
      ' x ',
      '"',
      "it's",
    ]) {
      expect(body(changed(FLOW, set(at('count'), value))).count).toBe(value)
      expect(body(changed(FLOW, set(at('who', 'id'), value))).who).toEqual({ id: value, vip: true })
      expect(body(changed(FLOW, set(at('tags', 1), value))).tags).toEqual(['a', value, 3])
    }
    expect(body(changed(FLOW, set(at('count'), 5))).lines).toEqual(parsed.nodes.ticket.body.lines)
  })

  it('reaches into lists, braces and brackets', () => {
    expect(edit(set(at('lines', 0, 'sku'), '{{ item.sku }}'))).toEqual([
      '-        - sku: A-1 # first',
      '+        - sku: "{{ item.sku }}" # first',
    ])
    expect(edit(set(at('who', 'vip'), false))).toEqual([
      '-      who: { id: "{{ input.user_id }}", vip: true }',
      '+      who: { id: "{{ input.user_id }}", vip: false }',
    ])
    expect(edit(set(at('tags', 0), '甲'))).toEqual([
      '-      tags: [ a, "b, c", 3 ]  # few',
      '+      tags: [ 甲, "b, c", 3 ]  # few',
    ])
  })

  it('writes long texts as blocks, but not before a comment', () => {
    expect(edit(set(at('count'), '一\n\n二'))).toEqual([
      '-      count: 3',
      '+      count: |-',
      '+        一',
      '+',
      '+        二',
    ])
    expect(edit(set(at('title'), 'a\nb'))).toEqual([
      '-      title: "{{ input.query | truncate(80) }}"   # short',
      '+      title: "a\\nb"   # short',
    ])
    expect(edit(set(at('long'), 'short'))).toEqual([
      '-      long: |',
      '-        one',
      '-        two',
      '+      long: short',
    ])
  })

  it('puts whole objects and lists in the place of values, and back', () => {
    expect(edit(set(at('nothing'), { a: [1, '2'] }))).toEqual([
      '+        a:',
      '+          - 1',
      '+          - "2"',
    ])
    const all = changed(FLOW, set(['nodes', 'ticket', 'body'], '{{ ai_output }}'))
    expect(all).toContain('    body: "{{ ai_output }}" # JSON\n    order_key:')
    const back = changed(all, set(['nodes', 'ticket', 'body'], { a: 1 }))
    expect(back).toContain('    body: # JSON\n      a: 1\n')
    expect(all).toContain('# What the desk reads.')
  })
})

describe('adding', () => {
  it('puts a key behind the last one', () => {
    expect(edit(set(at('new key'), 'x'))).toEqual(['+      new key: x'])
    expect(edit(set(at('lines', 1, 'note'), '{{ a }}'))).toEqual(['+          note: "{{ a }}"'])
    expect(edit(set(at('lines', 2), { sku: 'C' }))).toEqual(['+        - sku: C'])
    expect(edit(set(at('tags', 3), 'x, y'))).toEqual([
      '-      tags: [ a, "b, c", 3 ]  # few',
      '+      tags: [ a, "b, c", 3, "x, y" ]  # few',
    ])
    expect(edit(set(['nodes', 'ticket', 'params'], { id: '{{ input.id }}' }))).toEqual([
      '+    params:',
      '+      id: "{{ input.id }}"',
    ])
  })

  it('brings along what is around it', () => {
    expect(edit(set(['nodes', 'ticket', 'params', 'id'], '{{ input.id }}'))).toEqual([
      '+    params:',
      '+      id: "{{ input.id }}"',
    ])
    expect(body(changed(FLOW, set(at('count', 'a'), 1))).count).toEqual({ a: 1 })
  })

  it('fills what is empty', () => {
    const empty = changed(FLOW, set(at('who'), {}))
    expect(body(changed(empty, set(at('who', 'a'), 1))).who).toEqual({ a: 1 })
    const list = changed(FLOW, set(at('who'), []))
    expect(body(changed(list, set(at('who', 0), 'x'))).who).toEqual(['x'])
  })
})

describe('removing', () => {
  it('takes a key with its line, and nothing else', () => {
    expect(edit({ do: 'remove', path: at('count') })).toEqual(['-      count: 3'])
    expect(edit({ do: 'remove', path: at('lines', 1) })).toEqual([
      '-        - sku: "00123"',
      '-          n: 2.50',
    ])
    expect(edit({ do: 'remove', path: at('lines', 0, 'sku') })).toEqual([
      '-        - sku: A-1 # first',
      '-          n: 2',
      '+        - n: 2',
    ])
    expect(edit({ do: 'remove', path: at('tags', 2) })).toEqual([
      '-      tags: [ a, "b, c", 3 ]  # few',
      '+      tags: [ a, "b, c" ]  # few',
    ])
    expect(edit({ do: 'remove', path: at('nothing') })).toEqual(['-      nothing:'])
  })

  it('leaves an empty object or list behind the last', () => {
    const one = changed(FLOW, { do: 'remove', path: at('who', 'id') })
    expect(body(changed(one, { do: 'remove', path: at('who', 'vip') })).who).toEqual({})
    const lines = changed(FLOW, { do: 'remove', path: at('lines', 0) })
    expect(changed(lines, { do: 'remove', path: at('lines', 0) })).toContain(
      '      # Lines of the order.\n      lines: []\n',
    )
  })
})

describe('names and order', () => {
  it('renames a key alone', () => {
    expect(edit({ do: 'rename', path: at('count'), name: '数量' })).toEqual([
      '-      count: 3',
      '+      数量: 3',
    ])
    expect(edit({ do: 'rename', path: at('who', 'id'), name: 'a, b' })).toEqual([
      '-      who: { id: "{{ input.user_id }}", vip: true }',
      '+      who: { "a, b": "{{ input.user_id }}", vip: true }',
    ])
  })

  it('exchanges neighbours with their comments', () => {
    expect(edit({ do: 'swap', path: at(), place: 0 })).toEqual([
      '-      title: "{{ input.query | truncate(80) }}"   # short',
      '-      标题: 来自 “商店” 的问题',
      '+      标题: 来自 “商店” 的问题',
      '+      title: "{{ input.query | truncate(80) }}"   # short',
    ])
    const order = Object.keys(body(changed(FLOW, { do: 'swap', path: at(), place: 3 })))
    expect(order.slice(3, 5)).toEqual(['lines', 'long'])
    expect(changed(FLOW, { do: 'swap', path: at('lines'), place: 0 })).toContain(
      '        - sku: "00123"\n          n: 2.50\n        - sku: A-1 # first\n          n: 2\n',
    )
    expect(edit({ do: 'swap', path: at('tags'), place: 0 })[1]).toBe('+      tags: [ "b, c", a, 3 ]  # few')
  })
})

describe('what cannot be changed where it stands', () => {
  it('is written anew, with its comments', () => {
    const text = 'a: &x { b: 1 } # one\nc: *x # two\n'
    const result = changed(text, set(['c'], { b: 2 }))
    expect(parse(result)).toEqual({ a: { b: 1 }, c: { b: 2 } })
    expect(result).toContain('# one')
  })

  it('keeps the line breaks of Windows', () => {
    expect(changed('a: 1\r\nb:\r\n  c: 2\r\n', set(['b', 'd'], 3))).toBe('a: 1\r\nb:\r\n  c: 2\r\n  d: 3\r\n')
  })
})
