import { describe, expect, it } from 'vitest'
import { curlOf, sampleOf } from './config'

describe('the call to copy', () => {
  const url = 'https://hub.example/hooks/src_1'

  it('shows the proof that the source asks for', () => {
    expect(curlOf(url, { verification: { scheme: 'none' } }, {})).not.toContain('TOKEN')
    expect(curlOf(url, { verification: { scheme: 'token' } }, {})).toContain(
      "-H 'authorization: Bearer TOKEN'",
    )
    const byHeader = { verification: { scheme: 'token', bearer: false, header: 'x-shop' } }
    expect(curlOf(url, byHeader, {})).toContain("-H 'x-shop: TOKEN'")
    expect(curlOf(url, { verification: { scheme: 'standard_webhooks' } }, {})).toContain(
      'webhook-signature: v1,',
    )
  })

  it('shows where a signature, a token or a password goes', () => {
    const call = (verification: object) => curlOf(url, { verification }, {})
    expect(call({ scheme: 'basic', username: 'shop' })).toContain("-u 'shop:PASSWORD'")
    expect(call({ scheme: 'jwt' })).toContain("-H 'authorization: Bearer TOKEN'")
    expect(call({ scheme: 'jwt', header: 'x-jwt' })).toContain("-H 'x-jwt: TOKEN'")
    const signed = call({
      scheme: 'hmac',
      header: 'x-sig',
      prefix: 'v1=',
      timestamp: { header: 'x-at', unit: 'ms' },
    })
    expect(signed).toContain("-H 'x-at: MILLISECONDS' \\\n  -H 'x-sig: v1=SIGNATURE'")
    expect(call({ scheme: 'hmac', header: 'x-sig' })).toContain("-H 'x-sig: SIGNATURE'")
  })

  it('uses a method and a path that the source takes', () => {
    expect(curlOf(url, { methods: ['PUT'], path: 'orders/{order_id}' }, {})).toContain(
      `curl -X PUT '${url}/orders/{order_id}'`,
    )
  })

  it('can be pasted into a shell whatever the values are', () => {
    expect(curlOf(url, {}, { text: "it's" })).toContain(`-d '{"text":"it'\\''s"}'`)
  })
})

describe('a sample', () => {
  it("takes a field's example, else a value of its type", () => {
    const inputs = {
      query: { type: 'string', example: 'E3' },
      count: { type: 'integer' },
      list: { type: 'array' },
    }
    expect(sampleOf(inputs)).toEqual({ query: 'E3', count: 1, list: [] })
  })
})
