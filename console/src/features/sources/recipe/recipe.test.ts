import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Verification } from '../config'
import { sampleOf } from '.'
import { callOf } from './call'
import { curlOf } from './curl'

const URL = 'https://hub.example/hooks/src_1'
const curl = (verification: Verification, secrets?: Record<string, unknown>, inputs = {}) =>
  curlOf(callOf(URL, { verification }, inputs, secrets))

describe('the call to copy', () => {
  it('shows the proof that the source asks for', () => {
    expect(curl({ scheme: 'none' })).not.toContain('TOKEN')
    expect(curl({ scheme: 'token' })).toContain("-H 'authorization: Bearer TOKEN'")
    expect(curl({ scheme: 'token', bearer: false, header: 'x-shop' })).toContain("-H 'x-shop: TOKEN'")
    expect(curl({ scheme: 'token', bearer: false, header: null })).toContain(`'${URL}?token=TOKEN'`)
    expect(curl({ scheme: 'basic', username: 'crm' })).toContain("-u 'crm:SECRET'")
    expect(curl({ scheme: 'jwt' })).toContain("-H 'authorization: Bearer JWT'")
    expect(curl({ scheme: 'jwt', header: 'x-jwt' })).toContain("-H 'x-jwt: JWT'")
    expect(curl({ scheme: 'gitlab' })).toContain("-H 'x-gitlab-token: SECRET'")
    expect(curl({ scheme: 'token' }, { scheme: 'token', tokens: ['s3cret'] })).toContain('Bearer s3cret')
  })

  it('uses a method and a path that the source takes', () => {
    const call = callOf(URL, { methods: ['PUT'], path: 'orders/{order_id}' }, {})
    expect(curlOf(call)).toContain(`curl -X PUT '${URL}/orders/{order_id}'`)
    expect(curlOf(callOf(URL, { methods: ['GET'] }, { a: {} }))).not.toContain('-d')
  })

  it('puts each field where the source looks for it', () => {
    const fields = {
      sku: { type: 'string', from: 'body.items[0].sku', example: 'A-1' },
      count: { type: 'integer', from: 'body.items[0].count' },
      order: { type: 'string', from: 'path.order_id', example: '7' },
      lang: { type: 'string', from: 'query.lang', example: 'zh CN' },
      shop: { type: 'string', from: 'header.x-shop' },
    }
    const shown = curlOf(callOf(URL, { path: 'orders/{order_id}', fields }, { shop: { example: 'north' } }))
    expect(shown).toContain(`'${URL}/orders/7?lang=zh%20CN'`)
    expect(shown).toContain(`-d '{"items":[{"sku":"A-1","count":1}]}'`)
    expect(shown).toContain("-H 'x-shop: north'")
  })

  it('sends a form in parts where a file belongs to it', () => {
    const inputs = { resume: { type: 'file' }, name: { type: 'string', example: 'Lin' } }
    const call = callOf(URL, {}, inputs)
    expect(curlOf(call)).toContain("-F 'resume=@resume.pdf'")
    expect(curlOf(call)).toContain("-F 'name=Lin'")
    expect(sampleOf(call, 'Python')).toContain('"resume": open("resume.pdf", "rb"),')
    expect(sampleOf(call, 'JavaScript')).toContain("openAsBlob('resume.pdf')")
    expect(sampleOf(call, 'Go')).toContain('form.CreateFormFile("resume", "resume.pdf")')
  })

  it("takes a field's example, else a value of its type", () => {
    const inputs = {
      query: { type: 'string', example: 'E3' },
      count: { type: 'integer' },
      list: { type: 'array' },
    }
    expect(curl({}, undefined, inputs)).toContain(`-d '{"query":"E3","count":1,"list":[]}'`)
  })

  it('can be pasted into a shell whatever the values are', () => {
    expect(curl({}, undefined, { text: { example: "it's" } })).toContain(`-d '{"text":"it'\\''s"}'`)
  })

  it('leaves calls to the platform that only it can make', () => {
    for (const scheme of ['wecom', 'feishu']) {
      expect(callOf(URL, { verification: { scheme } }, {}).proof).toEqual({ kind: 'platform' })
    }
  })
})

/** What a signed call comes to when a shell runs it: `curl` only prints its headers and its body. */
function run(script: string): { headers: Map<string, string>; body: string } {
  const stub =
    'curl() { while [ $# -gt 0 ]; do case "$1" in -H) echo "$2"; shift;; -d) BODY_SENT="$2"; shift;; esac; shift; done; }'
  const out = execFileSync('bash', ['-c', `${stub}\n${script}\nprintf '\\n%s' "$BODY_SENT"`], {
    encoding: 'utf8',
  })
  const [head = '', body = ''] = out.split('\n\n')
  const headers = new Map(
    head.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
  )
  return { headers, body }
}

describe('a signed call in a shell', () => {
  const secret = 'it is a $ecret"`'
  const inputs = { query: { example: 'It\'s "E3" $HOME \\ 咖啡' } }
  const sent = (verification: Verification, secrets: unknown[]) =>
    run(curl(verification, { scheme: 'x', secrets }, inputs))
  const hmac = (text: string, key: string | Buffer = secret, hash = 'sha256') =>
    createHmac(hash, key).update(text)

  it('signs as GitHub, Shopify, Slack and Stripe do', () => {
    const github = sent({ scheme: 'github' }, [secret])
    expect(JSON.parse(github.body)).toEqual({ query: inputs.query.example })
    expect(github.headers.get('x-hub-signature-256')).toBe(`sha256=${hmac(github.body).digest('hex')}`)

    const shopify = sent({ scheme: 'shopify' }, [secret])
    expect(shopify.headers.get('x-shopify-hmac-sha256')).toBe(hmac(shopify.body).digest('base64'))

    const slack = sent({ scheme: 'slack' }, [secret])
    const at = slack.headers.get('x-slack-request-timestamp')
    expect(slack.headers.get('x-slack-signature')).toBe(`v0=${hmac(`v0:${at}:${slack.body}`).digest('hex')}`)

    const stripe = sent({ scheme: 'stripe' }, [secret])
    const [, time, code] = stripe.headers.get('stripe-signature')?.match(/^t=(\d+),v1=(\w+)$/) ?? []
    expect(code).toBe(hmac(`${time}.${stripe.body}`).digest('hex'))
  })

  it('signs as Standard Webhooks and DingTalk do', () => {
    const key = Buffer.from('0123456789abcdefghijklmnopqrstuv')
    const { headers, body } = sent({ scheme: 'standard_webhooks' }, [`whsec_${key.toString('base64')}`])
    const content = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`
    expect(headers.get('webhook-signature')).toBe(`v1,${hmac(content, key).digest('base64')}`)

    const dingtalk = sent({ scheme: 'dingtalk' }, [secret]).headers
    expect(dingtalk.get('timestamp')).toMatch(/^\d{13}$/)
    expect(dingtalk.get('sign')).toBe(hmac(`${dingtalk.get('timestamp')}\n${secret}`).digest('base64'))
  })

  it('signs as a scheme of its own says', () => {
    const verification = {
      scheme: 'hmac',
      header: 'x-sig',
      algorithm: 'sha512',
      encoding: 'base64url',
      prefix: 'v1=',
      signed: 'v1:{timestamp}:{header.x-nonce}:{body}',
      timestamp: { header: 'x-time', unit: 'ms' },
    }
    const { headers, body } = sent(verification, [secret])
    const content = `v1:${headers.get('x-time')}:${headers.get('x-nonce')}:${body}`
    expect(headers.get('x-sig')).toBe(`v1=${hmac(content, secret, 'sha512').digest('base64url')}`)
  })
})

describe('a call in other languages', () => {
  const call = callOf(
    URL,
    { verification: { scheme: 'standard_webhooks' } },
    { query: { example: "it's" } },
    { signing_keys: ['whsec_AAAA'] },
  )

  it('signs by what the language has itself', () => {
    expect(sampleOf(call, 'Python')).toContain('signed = id.encode() + ".".encode() + timestamp.encode()')
    expect(sampleOf(call, 'JavaScript')).toContain(
      "createHmac('sha256', key).update(id + '.' + timestamp + '.' + body).digest('base64')",
    )
    expect(sampleOf(call, 'Go')).toContain('code.Write([]byte(id + "." + timestamp + "." + string(body)))')
  })

  it('imports what it uses, and nothing else', () => {
    const python = sampleOf(call, 'Python')
    const [imported = ''] = python.split('\n')
    const names = imported.replace('import ', '').split(', ')
    for (const name of names) expect(python.replace(imported, '')).toContain(`${name}.`)
    const go = sampleOf(call, 'Go')
    const packages = [...go.matchAll(/^\t"([\w/]+)"$/gm)].map(([, path]) => path?.split('/').at(-1))
    for (const name of packages) expect(go.split('func main')[1]).toContain(`${name}.`)
  })
})
