import type { Schema } from '~/ui/form/schema'

/** The form of an order key. */
export const ORDER_KEY: Schema = { type: 'string' }

/** The form of texts by name: of the names in braces in an address, or of the headers that a message may set. */
export function namesSchema(from: unknown): Schema | undefined {
  const names =
    typeof from === 'string'
      ? [...from.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
      : Array.isArray(from)
        ? from.map(String)
        : []
  if (names.length === 0) return undefined
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: typeof from === 'string' ? names : [],
    additionalProperties: false,
  }
}
