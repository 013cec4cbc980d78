import { base64, random, signingKey } from '../form/random'

/** How the schemes are laid out to choose from; one that is not listed stands among the general ones. */
export const GROUPS = [
  {
    name: 'presets',
    schemes: [
      'github',
      'gitlab',
      'stripe',
      'shopify',
      'slack',
      'wecom',
      'dingtalk',
      'dingtalk_events',
      'feishu',
    ],
  },
  { name: 'general', schemes: ['standard_webhooks', 'hmac', 'token', 'jwt', 'basic'] },
  { name: 'open', schemes: ['none'] },
] as const

export type Group = (typeof GROUPS)[number]['name']

/** The schemes of a schema, by group and in their order. */
export function grouped<Scheme extends { name: string }>(schemes: Scheme[]): [Group, Scheme[]][] {
  const known = new Map<string, [Group, number]>(
    GROUPS.flatMap(({ name, schemes: names }, group) =>
      names.map((scheme, place): [string, [Group, number]] => [scheme, [name, group * 100 + place]]),
    ),
  )
  const placeOf = (scheme: Scheme) => known.get(scheme.name) ?? (['general', 199] as [Group, number])
  const sorted = [...schemes].sort((one, other) => placeOf(one)[1] - placeOf(other)[1])
  return GROUPS.map(({ name }): [Group, Scheme[]] => [
    name,
    sorted.filter((scheme) => placeOf(scheme)[0] === name),
  ]).filter(([, some]) => some.length > 0)
}

/** Whether a scheme is a product's own. */
export function isPreset(scheme: string): boolean {
  return (GROUPS[0].schemes as readonly string[]).includes(scheme)
}

/** Schemes whose secrets the sender's own pages show: they are copied from there, never made here. */
const THEIRS = new Set(['stripe', 'shopify', 'slack', 'dingtalk', 'feishu', 'jwt'])

/** Secrets by their words' key that have a form of their own. */
const FORMS: Record<string, () => string> = {
  'secrets.standard_webhooks.signing_keys': signingKey,
  'secrets.gitlab.signing_tokens': signingKey,
  'secrets.wecom.aes_keys': aesKey,
  'secrets.dingtalk_events.aes_keys': aesKey,
}

/** Makes a secret for a place; nothing where the sender makes it. */
export function generatorOf(key: string): (() => string) | undefined {
  const scheme = key.split('.')[1] ?? ''
  if (THEIRS.has(scheme)) return undefined
  return FORMS[key] ?? (() => base64(random(24)).replaceAll('+', '-').replaceAll('/', '_'))
}

/** 32 bytes as the vendors write them: base64 without its padding, 43 letters and digits. */
function aesKey(): string {
  const key = base64(random(32)).slice(0, 43)
  // The vendors' forms take letters and digits alone.
  return /^[A-Za-z0-9]+$/.test(key) ? key : aesKey()
}
