import { type Schema, shapeOf } from './schema'
import { chosenOf, deepest, isRecord, type Path, readPath, written } from './value'

/** One thing that is wrong in what is edited. */
export interface FieldError {
  /** Where: `limits.body`; empty for the whole. */
  field: string
  code: string
  reason: string
  suggestion?: string | null | undefined
}

/** What is wrong, each at the deepest place that the form has for it. */
export type PlacedErrors = ReadonlyMap<string, readonly FieldError[]>

export const NO_ERRORS: PlacedErrors = new Map()

/** Puts each error where the form shows it. */
export function placed(errors: readonly FieldError[], root: Schema, value: unknown): PlacedErrors {
  const places = new Map<string, FieldError[]>()
  for (const error of errors) {
    const place = written(deepest(root, value, wantedPath(error)))
    places.set(place, [...(places.get(place) ?? []), error])
  }
  return places
}

/** A missing key belongs where it is missed, not at what it is missing from. */
function wantedPath({ field, code, reason }: FieldError): Path {
  const path = readPath(field)
  const missing = code === 'missing_key' ? reason.match(/`([^`]+)`/)?.[1] : undefined
  return missing === undefined ? path : [...path, missing]
}

/** Whether something is wrong at a place or within it. */
export function isWrongWithin(errors: PlacedErrors, path: Path): boolean {
  const place = written(path)
  return [...errors.keys()].some(
    (key) => key === place || key.startsWith(`${place}.`) || key.startsWith(`${place}[`),
  )
}

/** What must be filled in and is not, so that a form need not ask the server. */
export function missing(root: Schema, schema: Schema, value: unknown, path: Path = []): FieldError[] {
  const shape = shapeOf(root, schema)
  if (value === undefined || value === null || value === '') return []
  switch (shape.kind) {
    case 'object':
      return missingIn(root, shape.schema, value, path)
    case 'variants': {
      const variant = chosenOf(shape, value)
      return variant ? missingIn(root, variant.schema, value, path) : []
    }
    case 'map':
      return Object.entries(isRecord(value) ? value : {}).flatMap(([key, item]) =>
        missing(root, shape.item, item, [...path, key]),
      )
    case 'list':
      return (Array.isArray(value) ? value : []).flatMap((item, place) =>
        missing(root, shape.item, item, [...path, place]),
      )
    default:
      return []
  }
}

function missingIn(root: Schema, schema: Schema, value: unknown, path: Path): FieldError[] {
  const record = isRecord(value) ? value : {}
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const own = record[name]
    const here = [...path, name]
    const isText = own === '' && shapeOf(root, property).kind === 'text'
    const empty =
      own === undefined || (own === '' && !isText) || (Array.isArray(own) && own.every((one) => one === ''))
    if (empty && required.has(name)) return [{ field: written(here), code: 'required', reason: '' }]
    return missing(root, property, own, here)
  })
}
