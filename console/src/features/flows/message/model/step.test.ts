import { describe, expect, it } from 'vitest'
import { namesSchema } from './settings'
import { readStep } from './step'

const FLOW = `nodes:
  a: { kind: set }
  tell:
    kind: deliver@1
    destination: 工单 # desk
    await: true
    body:
      title: a

  # The next one.
  last: { kind: deliver, destination: x, body: null }
`

describe('a step that delivers', () => {
  it('is read with its lines', () => {
    expect(readStep(FLOW, 'tell')).toEqual({
      destination: '工单',
      body: { title: 'a' },
      params: undefined,
      headers: undefined,
      orderKey: undefined,
      awaits: true,
      lines: 'tell:\n  kind: deliver@1\n  destination: 工单 # desk\n  await: true\n  body:\n    title: a',
    })
    expect(readStep(FLOW, 'last')).toMatchObject({ body: null, awaits: false })
  })

  it('is none of another kind, of another name, or in a text that is no YAML', () => {
    expect(readStep(FLOW, 'a')).toBeUndefined()
    expect(readStep(FLOW, 'b')).toBeUndefined()
    expect(readStep(`${FLOW}  tell: [`, 'tell')).toBeUndefined()
  })

  it('has a value for each name in the address, and for the headers that may be set', () => {
    const params = namesSchema('https://erp.example.com/{shop}/orders/{order_id}')
    expect(Object.keys(params?.properties ?? {})).toEqual(['shop', 'order_id'])
    expect(params?.required).toEqual(['shop', 'order_id'])
    expect(namesSchema(['X-Tenant'])?.required).toEqual([])
    expect(namesSchema('https://erp.example.com')).toBeUndefined()
  })
})
