import { resolved, type Schema, type Shape, shapeOf } from './schema'

/** Where a value stands in what is edited. */
export type Path = readonly (string | number)[]

/** A path as the server writes it: `fields.query.from`, `methods[0]`. */
export function written(path: Path): string {
  return path
    .map((key, place) => (typeof key === 'number' ? `[${key}]` : place === 0 ? key : `.${key}`))
    .join('')
}

/** The path behind what the server wrote. */
export function readPath(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? (name ?? '') : Number(index),
  )
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object with one key set; undefined takes the key out. Keys keep their order. */
export function withKey(object: unknown, key: string, value: unknown): Record<string, unknown> {
  const { [key]: before, ...rest } = isRecord(object) ? object : {}
  if (value === undefined) return rest
  return isRecord(object) && key in object ? { ...object, [key]: value } : { ...rest, [key]: value }
}

/** A name that is not taken yet: `field_3`. */
export function freshName(taken: readonly string[], stem: string): string {
  let number = taken.length + 1
  while (taken.includes(`${stem}_${number}`)) number++
  return `${stem}_${number}`
}

/** What a form begins with where nothing is set: only what must be there and has one possible beginning. */
export function blankOf(root: Schema, schema: Schema): unknown {
  const shape = shapeOf(root, schema)
  if (shape.schema.default !== undefined && shape.schema.default !== null) return shape.schema.default
  switch (shape.kind) {
    case 'object': {
      const required = new Set(shape.schema.required ?? [])
      const entries = shape.properties
        .filter(([name]) => required.has(name))
        .map(([name, property]): [string, unknown] => [name, blankOf(root, property)])
        .filter(([, value]) => value !== undefined)
      return Object.fromEntries(entries)
    }
    case 'text':
      return ''
    case 'variants': {
      const [first] = shape.variants
      return first && { [shape.tag]: first.name, ...(blankOf(root, first.schema) as object) }
    }
    case 'map':
      return {}
    case 'list':
    case 'lines':
    case 'choices':
    case 'secrets':
      return []
    default:
      return undefined
  }
}

/** The chosen variant of a tagged object; undefined while none is chosen or it is not known. */
export function chosenOf(shape: Extract<Shape, { kind: 'variants' }>, value: unknown) {
  const name = isRecord(value) ? value[shape.tag] : undefined
  return shape.variants.find((variant) => variant.name === name)
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      isRecord(here) || Array.isArray(here) ? (here as Record<string | number, unknown>)[key] : undefined,
    value,
  )
}

/** The schema at a path of a value, as far as there is one, and the part of the path that led there. */
export function deepest(root: Schema, value: unknown, path: Path): Path {
  let schema: Schema = resolved(root, root)
  let here = value
  for (const [place, key] of path.entries()) {
    const next = stepInto(root, schema, here, key)
    if (!next) return path.slice(0, place)
    schema = next
    here = valueAt(here, [key])
  }
  return path
}

function stepInto(root: Schema, schema: Schema, value: unknown, key: string | number): Schema | undefined {
  const shape = shapeOf(root, schema)
  switch (shape.kind) {
    case 'object':
      return shape.schema.properties?.[key]
    case 'variants':
      return chosenOf(shape, value)?.schema.properties?.[key]
    case 'map':
      return shape.item
    case 'list':
      return typeof key === 'number' ? shape.item : undefined
    default:
      return undefined
  }
}
