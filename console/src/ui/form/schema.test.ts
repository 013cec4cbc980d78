import { describe, expect, it } from 'vitest'
import { SOURCE_SCHEMA } from '~/testing/sourceSchema'
import { missing, placed } from './errors'
import { type Schema, shapeOf } from './schema'
import { blankOf, readPath, withKey, written } from './value'

const root = SOURCE_SCHEMA.config
const kindOf = (schema: Schema) => shapeOf(root, schema).kind

describe('what a form asks for', () => {
  it('is told by the schema, however it is written', () => {
    const kinds = Object.entries(root.properties ?? {}).map(([name, schema]) => [name, kindOf(schema)])
    expect(Object.fromEntries(kinds)).toEqual({
      verification: 'variants',
      methods: 'choices',
      path: 'text',
      fields: 'map',
      dedupe: 'object',
      limits: 'object',
      reply: 'variants',
      redact: 'lines',
    })
    expect(kindOf({ type: 'string', writeOnly: true })).toBe('secret')
    expect(kindOf({ type: 'array', items: { type: 'string' }, 'x-widget': 'secret' })).toBe('secrets')
    expect(kindOf({ type: 'array', items: { $ref: '#/$defs/Rate' } })).toBe('list')
    expect(kindOf({ oneOf: [{ const: 'a' }, { enum: ['b', 'c'] }] })).toBe('choice')
    expect(kindOf({})).toBe('json')
    const secrets = shapeOf(root, {
      type: 'object',
      additionalProperties: { type: 'string' },
      writeOnly: true,
    })
    if (secrets.kind !== 'map') throw new Error(secrets.kind)
    expect(kindOf(secrets.item), 'values of a secret are secrets').toBe('secret')
  })

  it('knows what may be null, and units by their pattern', () => {
    expect(shapeOf(root, root.properties?.dedupe ?? {}).nullable).toBe(true)
    expect(shapeOf(root, root.properties?.limits ?? {}).nullable).toBe(false)
    const body = shapeOf(root, root.$defs?.LimitConfig?.properties?.body ?? {})
    expect(body).toMatchObject({ kind: 'quantity', units: ['B', 'KiB', 'MiB', 'GiB'] })
  })

  it('tells the forms of a tagged object apart by its tag', () => {
    const shape = shapeOf(root, root.properties?.verification ?? {})
    if (shape.kind !== 'variants') throw new Error(shape.kind)
    expect(shape.tag).toBe('scheme')
    expect(shape.variants.map(({ name }) => name)).toEqual(['token', 'hmac', 'github', 'none'])
    const hmac = shape.variants[1]?.schema
    expect(Object.keys(hmac?.properties ?? {})).toEqual(['header', 'signed'])
    expect(hmac?.required).toEqual(['header'])
  })

  it('follows a reference beside which more is said', () => {
    const schema = {
      $defs: {
        A: { type: 'object', description: 'A', properties: { x: { type: 'string' } }, required: ['x'] },
      },
      $ref: '#/$defs/A',
      properties: { tag: { const: 'a' } },
      required: ['tag'],
    }
    const shape = shapeOf(schema, schema)
    expect(Object.keys(shape.schema.properties ?? {})).toEqual(['x', 'tag'])
    expect(shape.schema.required).toEqual(['x', 'tag'])
  })
})

describe('a value', () => {
  it('begins with what must be there and is known', () => {
    expect(blankOf(root, { $ref: '#/$defs/Rate' })).toEqual({})
    expect(blankOf(root, root.properties?.dedupe ?? {})).toEqual({ window: '1d' })
    expect(blankOf(root, { $ref: '#/$defs/Verification' })).toEqual({ scheme: 'token' })
  })

  it('keeps the order of its keys when one changes, and loses one that is emptied', () => {
    expect(Object.keys(withKey({ a: 1, b: 2 }, 'a', 3))).toEqual(['a', 'b'])
    expect(withKey({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 })
  })

  it('has paths that read as the server writes them', () => {
    for (const path of ['limits.body', 'methods[0]', 'fields.query.from', '']) {
      expect(written(readPath(path))).toBe(path)
    }
  })
})

describe('what is wrong', () => {
  const at = (field: string, value: unknown, code = 'x', reason = '') =>
    [...placed([{ field, code, reason }], root, value).keys()][0]

  it('stands at the deepest field that the form has for it', () => {
    const value = { verification: { scheme: 'hmac' }, fields: { query: {} }, limits: { source_rate: {} } }
    expect(at('limits.source_rate.requests', value)).toBe('limits.source_rate.requests')
    expect(at('fields.query.from', value)).toBe('fields.query.from')
    expect(at('verification.header', value)).toBe('verification.header')
    expect(at('verification.keys[2]', value)).toBe('verification')
    expect(at('methods[0]', value)).toBe('methods')
    expect(at('nothing.known', value)).toBe('')
  })

  it('stands where a key is missed, not at what it is missing from', () => {
    const value = { verification: { scheme: 'hmac' } }
    expect(at('verification', value, 'missing_key', '`header` is missing.')).toBe('verification.header')
    expect(at('', value, 'missing_key', '`verification` is missing.')).toBe('verification')
  })

  it('is found before the server is asked, where something must be filled in', () => {
    const fields = (value: unknown) => missing(root, root, value).map(({ field }) => field)
    expect(fields({})).toEqual(['verification'])
    expect(fields({ verification: { scheme: 'none' } })).toEqual([])
    expect(
      fields({
        verification: { scheme: 'hmac' },
        fields: { query: { type: 'string' } },
        limits: { source_rate: {} },
        dedupe: null,
      }),
    ).toEqual(['verification.header', 'fields.query.from', 'limits.source_rate.requests'])
    // Whether a text may be empty only the server knows.
    expect(fields({ verification: { scheme: 'hmac', header: '' } })).toEqual([])
    const secrets = SOURCE_SCHEMA.secrets
    expect(missing(secrets, secrets, { scheme: 'token', tokens: [''] })).toHaveLength(1)
  })
})
