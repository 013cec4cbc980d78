import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import destinationEn from './destination-form/en'
import destinationZh from './destination-form/zh'
import en from './en'
import messageZh from './message-form/zh'
import formEn from './source-form/en'
import formZh from './source-form/zh'
import zh from './zh'

type Words = { [key: string]: string | Words }

function flat(words: Words, before = ''): Map<string, string> {
  const entries = Object.entries(words).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[before + key, value]] : [...flat(value, `${before}${key}.`)],
  )
  return new Map(entries)
}

/** Chinese has one form for every number. */
const withoutPlural = (key: string) => key.replace(/_(one|other)$/, '')
const keys = (words: Words) => new Set([...flat(words).keys()].map(withoutPlural))
const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'i18n' || entry.name === 'generated' ? [] : sources(path)
    return /\.tsx?$/.test(entry.name) && !/\.test\./.test(entry.name) ? [readFileSync(path, 'utf8')] : []
  })
}

const PRODUCTS = ['Standard Webhooks', 'JSON Web Token', 'GitHub', 'GitLab', 'Stripe', 'Shopify', 'Slack']

/** Words that are looked up by a value of the API's or by a name in a variable. */
const LOOKED_UP =
  /^(status|problem|areas|live|person\.roles|nodes\.roles|theme|environment|form\.units|deliveries\.since|sources\.(alerts|groups|replies|missedHow|skippedWhy|overlaps)|destinations\.(retries|health|healthText|outcomes)|checks|verdicts|refusal|setUp|listen\.(states|outcomes)|infer\.problems|message\.types|docs\.notes|jobs\.(letters|lettersHeading|lettersText)|signing\.(schemes|steps))\./

describe('the words', () => {
  it('are the same in both languages', () => {
    expect([...keys(zh)].sort()).toEqual([...keys(en)].sort())
  })

  it('have the same places to fill in', () => {
    const chinese = flat(zh)
    for (const [key, text] of flat(en)) {
      const counterpart = chinese.get(key) ?? chinese.get(key.replace(/_one$/, '_other')) ?? ''
      expect(holes(counterpart), key).toEqual(holes(text))
    }
  })

  it('are Chinese in Chinese, but for names', () => {
    const names = new Set(['Webhook', 'API', 'TLS', 'KiB', 'MiB', 'GiB', ...PRODUCTS, ''])
    const foreign = [...flat(zh)].filter(([, text]) => !/\p{Script=Han}/u.test(text) && !names.has(text))
    expect(foreign).toEqual([])
  })

  it('are all used', () => {
    const code = sources(join(__dirname, '../..')).join('\n')
    const unused = [...keys(en)].filter((key) => !LOOKED_UP.test(key) && !code.includes(`'${key}'`))
    const built = ['palette.goTo.event', 'palette.goTo.run', 'palette.goTo.delivery']
    expect(unused.filter((key) => !built.includes(key))).toEqual([])
  })
})

describe("the words of a source's form", () => {
  it('are the same in both languages, and whole in Chinese', () => {
    expect(Object.keys(formZh)).toEqual(Object.keys(formEn))
    const names = new Set([
      ...PRODUCTS,
      'Token',
      'EncodingAESKey',
      'AppSecret',
      'Encrypt Key',
      'Verification Token',
    ])
    for (const [key, [label, help]] of Object.entries(formZh)) {
      expect(names.has(label) || /\p{Script=Han}/u.test(label), `${key}: ${label}`).toBe(true)
      expect(help, key).toMatch(/\p{Script=Han}|whsec_/u)
    }
  })
})

describe("the words of a destination's form", () => {
  it('are the same in both languages, and whole in Chinese', () => {
    expect(Object.keys(destinationZh)).toEqual(Object.keys(destinationEn))
    const names = new Set([
      ...PRODUCTS,
      ...[
        'Webhook',
        'Microsoft Teams',
        'Discord',
        'Twilio',
        'AccessKey ID',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
      ],
    ])
    for (const [key, [label, help]] of Object.entries(destinationZh)) {
      expect(names.has(label) || /\p{Script=Han}/u.test(label), `${key}: ${label}`).toBe(true)
      if (help !== undefined) expect(help, key).toMatch(/\p{Script=Han}/u)
    }
  })
})

describe("the words of a message's fields", () => {
  it('are whole in Chinese', () => {
    for (const [key, [label, help]] of Object.entries(messageZh)) {
      expect(/\p{Script=Han}|^(HTML|JSON)$/u.test(label), `${key}: ${label}`).toBe(true)
      expect(help, key).toMatch(/\p{Script=Han}/u)
    }
  })
})
