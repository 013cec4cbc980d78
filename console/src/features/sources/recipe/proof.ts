import type { Verification } from '../config'
import type { KnownSecrets } from './call'

/** A piece of a text that is put together when a call is made. */
export type Piece = { text: string } | 'body' | 'id' | 'timestamp' | 'signature' | 'secret'

/** How a call proves whom it is from. */
export type Proof =
  | { kind: 'none' }
  /** By showing something; the secret is in it. */
  | { kind: 'show'; headers: [string, Piece[]][]; query?: string; secret: string }
  /** By a code over what is sent. */
  | Signing
  /** Only the platform itself makes such calls: it is told the URL there. */
  | { kind: 'platform' }

export interface Signing {
  kind: 'sign'
  hash: 'sha1' | 'sha256' | 'sha512'
  encoding: 'hex' | 'base64' | 'base64url'
  /** Whether the key is what its base64 stands for, after `whsec_`. */
  decoded: boolean
  signed: Piece[]
  unit: 's' | 'ms'
  headers: [string, Piece[]][]
  secret: string
}

const text = (value: string): Piece => ({ text: value })

const PLAIN = { kind: 'sign', hash: 'sha256', encoding: 'hex', decoded: false, unit: 's' } as const

/** How the senders of a source prove themselves; `secrets` are those that are still known. */
export function proofOf(verification: Verification, secrets: KnownSecrets): Proof {
  const secret = knownSecret(secrets) ?? 'SECRET'
  switch (verification.scheme) {
    case 'token':
      return tokenProof(verification, knownSecret(secrets) ?? 'TOKEN')
    case 'basic':
      return {
        kind: 'show',
        headers: [['authorization', [text(`Basic ${verification.username ?? 'USER'}:`), 'secret']]],
        secret,
      }
    case 'jwt': {
      const header = verification.header
      const pieces: Piece[] = typeof header === 'string' ? ['secret'] : [text('Bearer '), 'secret']
      return {
        kind: 'show',
        headers: [[typeof header === 'string' ? header : 'authorization', pieces]],
        secret: 'JWT',
      }
    }
    case 'gitlab':
      return {
        kind: 'show',
        headers: [
          ['x-gitlab-event', [text('Push Hook')]],
          ['x-gitlab-token', ['secret']],
        ],
        secret,
      }
    case 'github':
      return {
        ...PLAIN,
        signed: ['body'],
        headers: [
          ['x-github-event', [text('push')]],
          ['x-github-delivery', ['id']],
          ['x-hub-signature-256', [text('sha256='), 'signature']],
        ],
        secret,
      }
    case 'stripe':
      return {
        ...PLAIN,
        signed: ['timestamp', text('.'), 'body'],
        headers: [['stripe-signature', [text('t='), 'timestamp', text(',v1='), 'signature']]],
        secret,
      }
    case 'shopify':
      return {
        ...PLAIN,
        encoding: 'base64',
        signed: ['body'],
        headers: [
          ['x-shopify-topic', [text('orders/create')]],
          ['x-shopify-webhook-id', ['id']],
          ['x-shopify-hmac-sha256', ['signature']],
        ],
        secret,
      }
    case 'slack':
      return {
        ...PLAIN,
        signed: [text('v0:'), 'timestamp', text(':'), 'body'],
        headers: [
          ['x-slack-request-timestamp', ['timestamp']],
          ['x-slack-signature', [text('v0='), 'signature']],
        ],
        secret,
      }
    case 'dingtalk':
      return {
        ...PLAIN,
        encoding: 'base64',
        unit: 'ms',
        signed: ['timestamp', text('\n'), 'secret'],
        headers: [
          ['timestamp', ['timestamp']],
          ['sign', ['signature']],
        ],
        secret,
      }
    case 'standard_webhooks':
      return {
        ...PLAIN,
        encoding: 'base64',
        decoded: true,
        signed: ['id', text('.'), 'timestamp', text('.'), 'body'],
        headers: [
          ['webhook-id', ['id']],
          ['webhook-timestamp', ['timestamp']],
          ['webhook-signature', [text('v1,'), 'signature']],
        ],
        secret: knownSecret(secrets) ?? 'whsec_SECRET',
      }
    case 'hmac':
      return hmacProof(verification as HmacConfig, secret)
    case 'wecom':
    case 'dingtalk_events':
    case 'feishu':
      return { kind: 'platform' }
    default:
      return { kind: 'none' }
  }
}

function tokenProof({ bearer, header, query }: Verification, secret: string): Proof {
  if (bearer !== false)
    return { kind: 'show', headers: [['authorization', [text('Bearer '), 'secret']]], secret }
  if (header !== null)
    return { kind: 'show', headers: [[String(header ?? 'x-webhook-token'), ['secret']]], secret }
  return { kind: 'show', headers: [], query: String(query ?? 'token'), secret }
}

interface HmacConfig {
  header?: string
  algorithm?: Signing['hash']
  encoding?: Signing['encoding']
  prefix?: string
  signed?: string
  timestamp?: { header?: string; unit?: Signing['unit'] } | null
}

function hmacProof(config: HmacConfig, secret: string): Signing {
  const { header = 'x-signature', prefix = '', timestamp } = config
  const others: [string, Piece[]][] = []
  const signed = (config.signed ?? '{body}').split(/\{([^}]*)\}/).map((part, place): Piece => {
    if (place % 2 === 0) return text(part)
    if (part === 'body' || part === 'timestamp') return part
    const name = part.replace(/^header\./, '')
    if (name === timestamp?.header) return 'timestamp'
    if (part.startsWith('header.')) others.push([name, ['id']])
    return 'id'
  })
  return {
    ...PLAIN,
    hash: config.algorithm ?? 'sha256',
    encoding: config.encoding ?? 'hex',
    unit: timestamp?.unit ?? 's',
    signed: signed.filter((piece) => typeof piece === 'string' || piece.text !== ''),
    headers: [
      ...others,
      ...(timestamp?.header ? [[timestamp.header, ['timestamp']] as [string, Piece[]]] : []),
      [header, prefix ? [text(prefix), 'signature'] : ['signature']],
    ],
    secret,
  }
}

/** The first secret of a scheme's secrets, whatever they are called there. */
function knownSecret(secrets: KnownSecrets): string | undefined {
  const all = Object.entries(secrets ?? {}).flatMap(([name, value]) =>
    name === 'scheme' ? [] : [value].flat(),
  )
  return all.find((value): value is string => typeof value === 'string' && value !== '')
}

/** Which of the pieces that are made for each call are used in it. */
export function usesOf(proof: Proof): Set<Piece> {
  if (proof.kind === 'show') return new Set(proof.headers.flatMap(([, pieces]) => pieces))
  if (proof.kind !== 'sign') return new Set()
  return new Set([...proof.signed, ...proof.headers.flatMap(([, pieces]) => pieces)])
}
