import { describe, expect, it } from 'vitest'
import { mappingOf, problemsOf, proposalsOf, renamed, uncovered } from './proposal'
import { withInputs } from './withInputs'

const FOUND = {
  query: { type: 'string', from: 'body.query', required: true, example: 'E3' },
  number: { type: 'integer', from: 'body.order.number', required: true, example: 17 },
  shop: { type: 'string', from: 'header.x-shop', example: 'Berlin' },
}
const INPUTS = { query: { type: 'string', required: true }, total: { type: 'number' } }

describe('the fields that are proposed', () => {
  it('are chosen where the flow has an input of that name, with the type that it takes', () => {
    const rows = proposalsOf(FOUND, {}, { number: { type: 'number' } })
    expect(rows.map(({ name, type, chosen }) => [name, type, chosen])).toEqual([
      ['query', 'string', false],
      ['number', 'number', true],
      ['shop', 'string', false],
    ])
  })

  it('are as the source has them where it maps them already', () => {
    const mapped = { total: { type: 'number', from: 'body.order.number' } }
    const row = proposalsOf(FOUND, mapped, INPUTS)[1]
    expect(row).toMatchObject({ name: 'total', type: 'number', required: false, chosen: true })
  })

  it('take the type of the input that they are named after', () => {
    const row = proposalsOf(FOUND, {}, INPUTS)[1]
    expect(row && renamed(row, 'total', INPUTS)).toMatchObject({ name: 'total', type: 'number' })
    expect(row && renamed(row, 'other', INPUTS)).toMatchObject({ name: 'other', type: 'integer' })
  })

  it('say what is wrong with their names, of those that are chosen', () => {
    const rows = proposalsOf(FOUND, {}, INPUTS).map((row) => ({ ...row, chosen: true }))
    const named = (...names: string[]) =>
      [
        ...problemsOf(
          rows.map((row, at) => ({ ...row, name: names[at] ?? '' })),
          INPUTS,
        ),
      ].map(([from, problem]) => `${from} ${problem}`)
    expect(named('query', 'query', 'total')).toEqual(['body.query twice', 'body.order.number twice'])
    expect(named('query', '', 'shop')).toEqual(['body.order.number nameless', 'header.x-shop unknown'])
    expect(problemsOf(proposalsOf(FOUND, {}, INPUTS), INPUTS).size).toBe(0)
  })
})

describe('a mapping that proposed fields are put into', () => {
  const mapped = {
    tone: { type: 'string', from: 'query.tone' },
    query: { type: 'string', from: 'body.query', required: true, description: 'The question.' },
  }

  it('keeps the fields that were not offered, and what else was said of the others', () => {
    const rows = proposalsOf(FOUND, mapped, INPUTS).map((row) => ({ ...row, required: false }))
    expect(mappingOf(rows, mapped)).toEqual({
      tone: { type: 'string', from: 'query.tone' },
      query: { type: 'string', from: 'body.query', description: 'The question.' },
    })
  })

  it('loses a field that is taken out, and takes over none of the example', () => {
    const rows = proposalsOf(FOUND, mapped, INPUTS).map((row) => ({ ...row, chosen: row.name === 'shop' }))
    expect(mappingOf(rows, mapped)).toEqual({
      tone: { type: 'string', from: 'query.tone' },
      shop: { type: 'string', from: 'header.x-shop' },
    })
  })

  it('is told of the inputs that it lacks', () => {
    expect(uncovered({}, INPUTS)).toEqual(['query'])
    expect(uncovered({ query: {} }, INPUTS)).toEqual([])
    expect(uncovered({}, { tone: { required: true, default: 'dry' } })).toEqual([])
  })
})

describe('inputs that are added to a draft', () => {
  const added = [
    { name: 'query', type: 'integer' },
    { name: 'items', type: 'array<object>' },
  ]

  it('stand beside those that it has, and nothing else changes', () => {
    const draft = '# The shop\ninputs:\n  query: { type: string } # asked\nnodes: {}\n'
    expect(withInputs(draft, added)).toBe(
      '# The shop\ninputs:\n  query: { type: string } # asked\n  items: { type: array<object> }\nnodes: {}\n',
    )
  })

  it.each(['nodes: {}\n', 'inputs:\nnodes: {}\n', 'inputs: {}\nnodes: {}\n'])(
    'begin the list where there is none: %j',
    (draft) => {
      const text = withInputs(draft, added)
      expect(text).toContain('query: { type: integer }')
      expect(text).toContain('nodes: {}')
    },
  )
})
