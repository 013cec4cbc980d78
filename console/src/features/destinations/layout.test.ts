import { describe, expect, it } from 'vitest'
import { KINDS } from '~/testing/destination'
import { asked, linesOf, needsNone, secretsAfter } from './layout'

const [webhook, wecom] = KINDS
if (!webhook || !wecom) throw new Error('There are two kinds.')

describe('the lines of a form', () => {
  it('put a secret beside the setting that it belongs to, and what is folded last', () => {
    expect(linesOf(webhook.config, webhook.secrets)).toEqual([
      { config: 'url', secret: 'url' },
      { config: 'auth', secret: 'auth' },
      { config: 'headers', secret: 'headers' },
    ])
  })

  it('begin with a secret that stands for itself', () => {
    expect(linesOf(wecom.config, wecom.secrets)).toEqual([{ secret: 'url' }, { config: 'format' }])
  })

  it('put what must be set before all', () => {
    const config = { ...wecom.config, required: ['kind', 'format'] }
    expect(linesOf(config, wecom.secrets)).toEqual([{ config: 'format' }, { secret: 'url' }])
  })
})

describe('the secrets of a form', () => {
  it('are not needed where a setting says none', () => {
    expect(needsNone(webhook.config, 'auth', undefined)).toBe(true)
    expect(needsNone(webhook.config, 'auth', { type: 'none' })).toBe(true)
    expect(needsNone(webhook.config, 'auth', { type: 'bearer' })).toBe(false)
    expect(needsNone(webhook.config, 'url', undefined), 'which has no way to say none').toBe(false)
  })

  it('go with their need, and come back with it', () => {
    const none = { auth: { type: 'none' } }
    const bearer = { auth: { type: 'bearer' } }
    expect(secretsAfter(webhook, none, { auth: 'x' }, [])).toBeUndefined()
    const gone = secretsAfter(webhook, none, undefined, ['auth'])
    expect(gone).toEqual({ auth: null })
    expect(secretsAfter(webhook, bearer, gone, ['auth'])).toBeUndefined()
    expect(secretsAfter(webhook, bearer, { auth: 'new' }, ['auth'])).toEqual({ auth: 'new' })
  })

  it('that the server keeps are not asked for', () => {
    expect(asked(wecom, []).secrets.required).toEqual(['url'])
    expect(asked(wecom, ['url']).secrets.required).toEqual([])
  })
})
