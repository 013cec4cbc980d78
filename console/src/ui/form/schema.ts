/** The part of JSON Schema (2020-12) that the server describes its configuration with. */
export interface Schema {
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: boolean | Schema
  enum?: unknown[]
  const?: unknown
  oneOf?: Schema[]
  anyOf?: Schema[]
  default?: unknown
  examples?: unknown[]
  pattern?: string
  minimum?: number
  maximum?: number
  writeOnly?: boolean
  $ref?: string
  $defs?: Record<string, Schema>
  'x-widget'?: string
}

/** One of several forms that an object can have, told apart by a tag. */
export interface Variant {
  name: string
  description?: string | undefined
  /** Its fields without the tag. */
  schema: Schema
}

/** What a form asks for at one place. */
export type Shape = { schema: Schema; nullable: boolean } & (
  | { kind: 'text' | 'number' | 'boolean' | 'json' | 'lines' | 'secret' | 'secrets' }
  | { kind: 'quantity'; units: string[] }
  | { kind: 'choice' | 'choices'; options: string[] }
  | { kind: 'variants'; tag: string; variants: Variant[] }
  | { kind: 'object'; properties: [string, Schema][] }
  | { kind: 'list' | 'map'; item: Schema }
)

/** Follows references; what stands beside one has the last word. */
export function resolved(root: Schema, schema: Schema): Schema {
  const { $ref, ...own } = schema
  const name = $ref?.match(/^#\/\$defs\/(.+)$/)?.[1]
  const target = name === undefined ? undefined : root.$defs?.[name]
  if (!target) return own
  const base = resolved(root, target)
  return {
    ...base,
    ...own,
    ...(base.properties && { properties: { ...base.properties, ...own.properties } }),
    ...(base.required && { required: [...base.required, ...(own.required ?? [])] }),
  }
}

/** What a form asks for where the schema stands. */
export function shapeOf(root: Schema, unresolved: Schema): Shape {
  const { schema, nullable } = withoutNull(root, resolved(root, unresolved))
  const own = { schema, nullable }
  const options = optionsOf(root, schema)
  if (options) return { ...own, kind: 'choice', options }
  const tagged = schema.oneOf && taggedOf(root, schema.oneOf)
  if (tagged) return { ...own, kind: 'variants', ...tagged }
  const secret = schema.writeOnly === true || schema['x-widget'] === 'secret'
  switch (schema.type) {
    case 'string': {
      const units = unitsOf(schema.pattern)
      if (units) return { ...own, kind: 'quantity', units }
      return { ...own, kind: secret ? 'secret' : 'text' }
    }
    case 'integer':
    case 'number':
      return { ...own, kind: 'number' }
    case 'boolean':
      return { ...own, kind: 'boolean' }
    case 'array':
      return { ...own, ...listShape(root, schema, secret) }
    case 'object':
      if (schema.properties) return { ...own, kind: 'object', properties: Object.entries(schema.properties) }
      if (typeof schema.additionalProperties === 'object')
        return {
          ...own,
          kind: 'map',
          item: { ...schema.additionalProperties, ...(secret && { writeOnly: true }) },
        }
      return { ...own, kind: 'json' }
    default:
      return { ...own, kind: 'json' }
  }
}

type ListShape =
  | { kind: 'choices'; options: string[] }
  | { kind: 'list'; item: Schema }
  | { kind: 'lines' | 'secrets' | 'json' }

function listShape(root: Schema, schema: Schema, secret: boolean): ListShape {
  if (typeof schema.items !== 'object') return { kind: 'json' }
  const item = shapeOf(root, schema.items)
  if (item.kind === 'choice') return { kind: 'choices', options: item.options }
  if (item.kind === 'secret' || (secret && item.kind === 'text')) return { kind: 'secrets' }
  if (item.kind === 'text') return { kind: 'lines' }
  return item.kind === 'json' ? { kind: 'json' } : { kind: 'list', item: schema.items }
}

/** A schema and whether null may stand in its place, however that is written. */
function withoutNull(root: Schema, schema: Schema): { schema: Schema; nullable: boolean } {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== 'null')
    const { type: _, ...rest } = schema
    return {
      schema: types.length === 1 && types[0] ? { ...rest, type: types[0] } : rest,
      nullable: types.length < schema.type.length,
    }
  }
  const others = schema.anyOf?.filter((one) => one.type !== 'null')
  if (others?.length !== 1 || !others[0]) return { schema, nullable: false }
  const { anyOf, ...own } = schema
  return { schema: { ...resolved(root, others[0]), ...own }, nullable: others.length < (anyOf?.length ?? 0) }
}

function optionsOf(root: Schema, schema: Schema): string[] | undefined {
  if (schema.enum?.every((one) => typeof one === 'string')) return schema.enum as string[]
  const consts = schema.oneOf?.flatMap((one) => {
    const { const: value, enum: values } = resolved(root, one)
    return values ?? [value]
  })
  return consts?.length && consts.every((one) => typeof one === 'string') ? (consts as string[]) : undefined
}

function taggedOf(root: Schema, oneOf: Schema[]): { tag: string; variants: Variant[] } | undefined {
  const all = oneOf.map((one) => resolved(root, one))
  const constant = (schema: Schema, name: string) => schema.properties?.[name]?.const
  const tag = Object.keys(all[0]?.properties ?? {}).find((name) =>
    all.every((one) => typeof constant(one, name) === 'string'),
  )
  if (tag === undefined) return undefined
  const variants = all.map((one) => {
    const { [tag]: _, ...properties } = one.properties ?? {}
    const required = one.required?.filter((name) => name !== tag) ?? []
    return {
      name: String(constant(one, tag)),
      description: one.description,
      schema: { ...one, properties, required },
    }
  })
  return { tag, variants }
}

/** The units of `^[0-9]+(ms|s|m|h|d)$`. */
function unitsOf(pattern: string | undefined): string[] | undefined {
  return pattern?.match(/^\^\[0-9\]\+\(([A-Za-z|]+)\)\$$/)?.[1]?.split('|')
}
