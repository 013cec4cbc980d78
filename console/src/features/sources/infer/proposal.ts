import type { FlowInput, SourceField } from '../config'

/** A place in a request that can be a field. */
export interface Proposed {
  /** `body.items[0].sku` */
  from: string
  name: string
  type: string
  required: boolean
  /** A value that was found there. */
  example: unknown
  /** Whether it is to be a field. */
  chosen: boolean
}

type Mapping = Record<string, SourceField>
type Inputs = Record<string, FlowInput>

/** What keeps a row from being saved as it is: no name, a name of another row, or no input of that name. */
export type RowProblem = 'nameless' | 'twice' | 'unknown'

/**
 * The rows that are offered. What the source maps already is chosen as it is; what is called like one of the flow's
 * inputs is chosen with that input's type, which the server asks for.
 */
export function proposalsOf(inferred: Mapping, mapped: Mapping, inputs: Inputs): Proposed[] {
  const known = new Map(Object.entries(mapped).map(([name, field]) => [field.from, { name, field }]))
  return Object.entries(inferred).map(([name, found]) => {
    const from = found.from ?? ''
    const own = known.get(from)
    const input = inputs[name]
    return {
      from,
      name: own?.name ?? name,
      type: typeText(own?.field.type ?? input?.type ?? found.type),
      required: own ? own.field.required === true : found.required === true,
      example: found.example,
      chosen: own !== undefined || input !== undefined,
    }
  })
}

/** The same row under another name: it takes the type of the input that is called so. */
export function renamed(row: Proposed, name: string, inputs: Inputs): Proposed {
  const type = inputs[name]?.type
  return { ...row, name, ...(type !== undefined && { type: typeText(type) }) }
}

/** What is wrong with the chosen rows, by where they come from. */
export function problemsOf(rows: Proposed[], inputs: Inputs): Map<string, RowProblem> {
  const chosen = rows.filter((row) => row.chosen)
  const times = (name: string) => chosen.filter((row) => row.name === name).length
  const problems = new Map<string, RowProblem>()
  for (const { from, name } of chosen) {
    if (name === '') problems.set(from, 'nameless')
    else if (times(name) > 1) problems.set(from, 'twice')
    else if (!inputs[name]) problems.set(from, 'unknown')
  }
  return problems
}

/** The source's mapping with the chosen rows in it, and without those that were taken out. */
export function mappingOf(rows: Proposed[], mapped: Mapping): Mapping {
  const offered = new Set(rows.map(({ from }) => from))
  const others = Object.entries(mapped).filter(([, { from }]) => !offered.has(from ?? ''))
  const own = new Map(Object.values(mapped).map((field) => [field.from, field]))
  const chosen = rows
    .filter((row) => row.chosen)
    .map(({ from, name, type, required }): [string, SourceField] => {
      const { required: _, ...kept } = own.get(from) ?? {}
      return [name, { ...kept, type, from, ...(required && { required }) }]
    })
  return Object.fromEntries([...others, ...chosen])
}

/** The inputs that the flow cannot do without and that a mapping does not give it. */
export function uncovered(mapping: Mapping, inputs: Inputs): string[] {
  return Object.entries(inputs)
    .filter(([name, input]) => input.required && input.default == null && !(name in mapping))
    .map(([name]) => name)
}

function typeText(type: unknown): string {
  return typeof type === 'string' ? type : type === undefined ? 'string' : JSON.stringify(type)
}
