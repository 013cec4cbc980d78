import { resolved, type Schema, type Shape, shapeOf } from '~/ui/form/schema'
import { isRecord, type Path, withKey } from '~/ui/form/value'

/** A place in a message: a field of its form, one that somebody added, or an item of a list. */
export interface Field {
  path: Path
  /** The name, or the number in a list. */
  key: string | number
  /** Undefined where it is not set. */
  value: unknown
  /** What its form asks for; any JSON where it has none. */
  schema: Schema | undefined
  /** Whether its name is given by the form. */
  fixed: boolean
  required: boolean
}

/** The fields within an object or a list; those that the form knows come first, in its order. */
export function fieldsOf(root: Schema | undefined, field: Pick<Field, 'path' | 'value' | 'schema'>): Field[] {
  const { path, value, schema } = field
  if (Array.isArray(value)) {
    const item = itemOf(root, schema)
    return value.map((one, at) => fieldAt(path, at, one, { schema: item, fixed: false, required: false }))
  }
  const form = formOf(root, schema)
  const record = isRecord(value) ? value : {}
  const required = new Set(form?.required ?? [])
  const known = Object.entries(form?.properties ?? {}).map(([name, own]) =>
    fieldAt(path, name, record[name], { schema: own, fixed: true, required: required.has(name) }),
  )
  const rest = Object.entries(record)
    .filter(([name]) => !form?.properties?.[name])
    .map(([name, own]) => fieldAt(path, name, own, { schema: undefined, fixed: false, required: false }))
  return [...known, ...rest]
}

/** Whether anything may be added to an object. */
export function isOpen(root: Schema | undefined, schema: Schema | undefined): boolean {
  const form = formOf(root, schema)
  return !form?.properties || form.additionalProperties === true
}

/** What a field's form asks for; nothing where it takes any JSON. */
export function shapeIn(root: Schema | undefined, schema: Schema | undefined): Shape | undefined {
  return root && schema && shapeOf(root, schema)
}

/** What stands in a field when it is set for the first time. */
export function blankIn(shape: Shape | undefined): unknown {
  switch (shape?.kind) {
    case 'number':
      return shape.schema.minimum ?? 0
    case 'boolean':
      return true
    case 'choice':
      return shape.options[0] ?? ''
    case 'object':
    case 'map':
    case 'variants':
      return {}
    case 'list':
    case 'lines':
    case 'choices':
      return []
    default:
      return shape?.schema.type === 'array' ? [] : shape?.schema.type === 'object' ? {} : ''
  }
}

/** What a message is when its fields are filled in one by one: a text alone becomes its field. */
export function asFields(root: Schema, body: unknown): Record<string, unknown> {
  if (isRecord(body)) return body
  const name = formOf(root, root)?.properties?.text ? 'text' : undefined
  return name === undefined || typeof body !== 'string' ? {} : withKey({}, name, body)
}

function fieldAt(
  around: Path,
  key: string | number,
  value: unknown,
  form: Pick<Field, 'schema' | 'fixed' | 'required'>,
): Field {
  return { path: [...around, key], key, value, ...form }
}

/** The form of an object; several forms that exclude each other are shown as one, with the fields of all. */
function formOf(root: Schema | undefined, schema: Schema | undefined): Schema | undefined {
  if (!root || !schema) return undefined
  const shape = shapeOf(root, schema).schema
  const forms = shape.oneOf?.map((one) => resolved(root, one)).filter((one) => one.properties)
  if (!forms?.length) return shape.properties ? shape : undefined
  return {
    ...shape,
    properties: Object.assign({}, ...forms.map(({ properties }) => properties)) as Record<string, Schema>,
    required: (forms[0]?.required ?? []).filter((name) =>
      forms.every((form) => form.required?.includes(name)),
    ),
    additionalProperties: forms.some((form) => form.additionalProperties === true),
  }
}

function itemOf(root: Schema | undefined, schema: Schema | undefined): Schema | undefined {
  const items = shapeIn(root, schema)?.schema.items
  return typeof items === 'object' ? items : undefined
}
