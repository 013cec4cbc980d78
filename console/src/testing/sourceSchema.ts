import type { Schema } from '~/ui/form/schema'

const SPAN = { type: 'string', pattern: '^[0-9]+(ms|s|m|h|d)$' }
const SECRETS = { type: 'array', items: { type: 'string' }, 'x-widget': 'secret', writeOnly: true }
const scheme = (name: string, properties: Record<string, Schema> = {}, required: string[] = []): Schema => ({
  description: `The scheme ${name}.`,
  type: 'object',
  properties: { scheme: { type: 'string', const: name }, ...properties },
  required: ['scheme', ...required],
  additionalProperties: false,
})

/** A part of what the API says of sources, in the forms that the server's schemas have. */
export const SOURCE_SCHEMA: { config: Schema; secrets: Schema; refusals: object[] } = {
  config: {
    type: 'object',
    required: ['verification'],
    properties: {
      verification: { description: 'How it knows its senders.', $ref: '#/$defs/Verification' },
      methods: { type: 'array', items: { $ref: '#/$defs/Method' }, default: ['POST'] },
      path: { type: ['string', 'null'], examples: ['orders/{order_id}'] },
      fields: { type: 'object', additionalProperties: { $ref: '#/$defs/SourceField' } },
      dedupe: { anyOf: [{ $ref: '#/$defs/Dedupe' }, { type: 'null' }], default: { window: '1d' } },
      limits: { $ref: '#/$defs/LimitConfig', default: { body: '1MiB' } },
      reply: { $ref: '#/$defs/Reply', default: { mode: 'accept', status: 202 } },
      redact: { description: 'Headers that are not\nrecorded.', type: 'array', items: { type: 'string' } },
    },
    $defs: {
      Verification: {
        oneOf: [
          scheme('token', { header: { type: ['string', 'null'], default: 'x-webhook-token' } }),
          scheme('hmac', { header: { type: 'string' }, signed: { type: 'string', default: '{body}' } }, [
            'header',
          ]),
          scheme('github'),
          scheme('none'),
        ],
      },
      Method: { type: 'string', enum: ['GET', 'POST'] },
      SourceField: {
        type: 'object',
        required: ['type', 'from'],
        properties: {
          type: { type: 'string', examples: ['string', 'integer'] },
          from: { type: 'string', 'x-widget': 'source-path' },
          required: { type: 'boolean' },
          default: {},
        },
      },
      Dedupe: { type: 'object', properties: { window: { ...SPAN, default: '1d' } } },
      LimitConfig: {
        type: 'object',
        properties: {
          body: { type: 'string', pattern: '^[0-9]+(B|KiB|MiB|GiB)$', default: '1MiB' },
          source_rate: { anyOf: [{ $ref: '#/$defs/Rate' }, { type: 'null' }] },
        },
      },
      Rate: {
        type: 'object',
        required: ['requests'],
        properties: { requests: { type: 'integer', minimum: 1 }, per: { ...SPAN, default: '1s' } },
      },
      Reply: {
        oneOf: [
          {
            type: 'object',
            properties: {
              mode: { type: 'string', const: 'accept' },
              status: { type: 'integer', minimum: 200, maximum: 299, default: 202 },
            },
          },
          {
            type: 'object',
            properties: { mode: { type: 'string', const: 'wait' }, deadline: { ...SPAN, default: '30s' } },
          },
        ],
      },
    },
  },
  secrets: {
    oneOf: [
      scheme('token', { tokens: SECRETS }, ['tokens']),
      scheme('hmac', { secrets: SECRETS }, ['secrets']),
      scheme('github', { secrets: SECRETS }, ['secrets']),
      scheme('none'),
    ],
  },
  refusals: [
    {
      code: 'field_invalid',
      status: 422,
      title: 'Fields do not fit',
      advice_en: 'Mend each field in `errors`.',
      advice_zh: '请逐项修正字段。',
    },
    {
      code: 'signature_invalid',
      status: 401,
      title: 'Signature invalid',
      advice_en: 'Check that both ends have the same key.',
      advice_zh: '请确认两端密钥一致。',
    },
  ],
}
