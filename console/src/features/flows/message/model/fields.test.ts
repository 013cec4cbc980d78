import { describe, expect, it } from 'vitest'
import type { Schema } from '~/ui/form/schema'
import { asFields, blankIn, fieldsOf, isOpen, shapeIn } from './fields'

const CHAT: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    text: { type: 'string', default: '' },
    format: { anyOf: [{ oneOf: [{ const: 'text' }, { const: 'markdown' }] }, { type: 'null' }] },
    mentions: {
      type: ['object', 'null'],
      properties: { users: { type: 'array', items: { type: 'string' } }, all: { type: 'boolean' } },
    },
    card: { description: 'Any JSON.' },
  },
}

const names = (root: Schema | undefined, value: unknown, schema = root) =>
  fieldsOf(root, { path: ['body'], value, schema }).map(({ key, fixed, value }) => [key, fixed, value])

describe('the fields of a message', () => {
  it('are those of its form, then what stands there besides', () => {
    expect(names(CHAT, { other: 1, text: 'a' })).toEqual([
      ['text', true, 'a'],
      ['format', true, undefined],
      ['mentions', true, undefined],
      ['card', true, undefined],
      ['other', false, 1],
    ])
    expect(isOpen(CHAT, CHAT)).toBe(false)
  })

  it('are what somebody added where there is no form', () => {
    expect(names(undefined, { b: 1, a: [1] })).toEqual([
      ['b', false, 1],
      ['a', false, [1]],
    ])
    expect(isOpen(undefined, undefined)).toBe(true)
    expect(isOpen(CHAT, CHAT.properties?.card)).toBe(true)
    expect(fieldsOf(undefined, { path: ['body', 'a'], value: ['x'], schema: undefined })).toMatchObject([
      { path: ['body', 'a', 0], key: 0, value: 'x' },
    ])
  })

  it('are those of all forms where one of several is meant', () => {
    const sms: Schema = {
      oneOf: [
        {
          type: 'object',
          properties: { to: { type: 'string' }, text: { type: 'string' } },
          required: ['to', 'text'],
        },
        {
          type: 'object',
          properties: { to: { type: 'string' }, params: { type: 'object' } },
          required: ['to'],
        },
      ],
    }
    const fields = fieldsOf(sms, { path: [], value: {}, schema: sms })
    expect(fields.map(({ key, required }) => [key, required])).toEqual([
      ['to', true],
      ['text', false],
      ['params', false],
    ])
  })

  it('begin with what their form asks for', () => {
    const blank = (name: string) => blankIn(shapeIn(CHAT, CHAT.properties?.[name]))
    expect(['text', 'format', 'mentions', 'card'].map(blank)).toEqual(['', 'text', {}, ''])
    const mentions = CHAT.properties?.mentions
    expect(blankIn(shapeIn(CHAT, mentions?.properties?.users))).toEqual([])
  })

  it('take a text alone as their text', () => {
    expect(asFields(CHAT, '{{ ai_output }}')).toEqual({ text: '{{ ai_output }}' })
    expect(asFields(CHAT, { text: 'a' })).toEqual({ text: 'a' })
  })
})
