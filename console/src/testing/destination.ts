import type { DestinationKind, DestinationView } from '~/api/destinations'
import type { Schema } from '~/ui/form/schema'
import type { Answers } from './page'

const span = (usual: string): Schema => ({
  type: 'string',
  pattern: '^[0-9]+(ms|s|m|h|d)$',
  default: usual,
})

const POLICY: Record<string, Schema> = {
  timeout: span('10s'),
  retry: { oneOf: [{ type: 'string', enum: ['standard', 'brief', 'none'] }], default: 'standard' },
  concurrency: { type: ['integer', 'null'], default: 8 },
  rate: {
    type: ['array', 'null'],
    items: { type: 'object', properties: { calls: { type: 'integer' }, within: span('1s') } },
    default: [{ calls: 20, within: '1m' }],
  },
  breaker: { type: 'object', properties: { failures: { type: 'integer', default: 10 } } },
  when_dead: { type: 'string', enum: ['halt', 'skip'], default: 'halt' },
}

const kind = (name: string): Schema => ({ const: name, type: 'string' })
const secret: Schema = { type: 'string', writeOnly: true }

const variant = (type: string, properties: Record<string, Schema> = {}): Schema => ({
  type: 'object',
  properties: { type: { const: type, type: 'string' }, ...properties },
  required: ['type', ...Object.keys(properties)],
})

/** Two kinds as the server describes them, with what the form's parts are about. */
export const KINDS: DestinationKind[] = [
  {
    name: 'webhook',
    description: 'Sends the message as JSON to an address.',
    config: {
      type: 'object',
      required: ['kind'],
      properties: {
        kind: kind('webhook'),
        url: { type: ['string', 'null'] },
        headers: { type: 'object', additionalProperties: { type: 'string' }, default: {} },
        auth: {
          oneOf: [variant('none'), variant('bearer'), variant('header', { name: { type: 'string' } })],
          default: { type: 'none' },
        },
        ...POLICY,
      },
    },
    secrets: {
      type: 'object',
      properties: {
        url: { ...secret, type: ['string', 'null'] },
        auth: { ...secret, type: ['string', 'null'] },
        headers: { type: 'object', additionalProperties: { type: 'string' }, writeOnly: true },
      },
    },
  },
  {
    name: 'wecom',
    description: 'Sends the message to a group of WeCom.',
    config: {
      type: 'object',
      required: ['kind'],
      properties: {
        kind: kind('wecom'),
        format: { type: 'string', enum: ['text', 'markdown'], default: 'markdown' },
        ...POLICY,
      },
    },
    secrets: { type: 'object', properties: { url: secret }, required: ['url'] },
  },
]

/** A destination that takes deliveries. */
export const DESTINATION: DestinationView = {
  id: 'dest_01h455vb4pex5vsknk084sn02q',
  name: 'tickets',
  environment: 'production',
  config: {
    kind: 'webhook',
    url: 'https://tickets.example.com/hooks',
    auth: { type: 'bearer' },
  } as unknown as DestinationView['config'],
  signing_keys: [],
  secrets: ['auth'],
  queue: { pending: 0, retrying: 0, blocked: 0, dead: 0 },
  updated_at: '2026-03-01T09:00:00.000Z',
}

/** A breaker that is open for an hour. */
export function openBreaker(): NonNullable<DestinationView['breaker']> {
  return {
    state: 'open',
    opened_at: new Date(Date.now() - 60_000).toISOString(),
    until: new Date(Date.now() + 3_600_000).toISOString(),
    openings: 2,
    reason: 'the receiver answered 503',
  }
}

/** What the pages of destinations ask for. */
export const DESTINATION_ANSWERS: Answers = {
  'GET /api/v1/destination-kinds': KINDS,
  'GET /api/v1/environments/production/destinations': [DESTINATION],
  'GET /api/v1/environments/production/deliveries': { items: [] },
}

/** What came of a test that arrived. */
export const ARRIVED = {
  id: 'msg_01h455vb4pex5vsknk084sn02q',
  at: '2026-03-01T09:00:00.000Z',
  outcome: 'delivered',
  record: {
    outcome: 'delivered',
    tries: 1,
    exchanges: [
      {
        request: {
          method: 'POST',
          url: 'https://qyapi.weixin.qq.com/•••',
          headers: [['content-type', 'application/json']],
          body: { encoding: 'text', content: '{"msgtype":"markdown"}' },
        },
        response: { status: 200, headers: [], body: { encoding: 'text', content: '{"errcode":0}' } },
        timing: { total_ms: 12 },
      },
    ],
  },
}
