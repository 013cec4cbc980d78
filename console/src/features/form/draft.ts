import { ApiProblem } from '~/api/problem'
import { type FieldError, missing } from '~/ui/form/errors'
import type { Schema } from '~/ui/form/schema'
import { deepest, readPath, valueAt } from '~/ui/form/value'

/** The schemas of what is set, as the API serves them. */
export interface FormSchemas {
  config: Schema
  secrets: Schema
}

/** What is written and not saved yet. */
export interface Draft {
  name: string
  /** The flow that a source starts. */
  flow?: string
  config: Record<string, unknown>
  secrets?: Record<string, unknown> | undefined
}

/** Whether two drafts say the same; the switch at a page's head is no part of them. */
export function sameDraft(one: Draft, other: Draft): boolean {
  const parts = ({ name, flow, config, secrets }: Draft) => JSON.stringify([name, flow, config, secrets])
  return parts(one) === parts(other)
}

/** A setting that somebody else has changed, or that was changed here. */
export interface Difference {
  /** `name`, `flow`, or a setting of its kind. */
  path: string
  theirs: unknown
  mine: unknown
}

/** Where two drafts differ from each other. */
export function differences(theirs: Draft, mine: Draft): Difference[] {
  const [now, here] = [settingsOf(theirs), settingsOf(mine)]
  return Object.keys({ ...now, ...here })
    .filter((path) => JSON.stringify(now[path]) !== JSON.stringify(here[path]))
    .map((path) => ({ path, theirs: now[path], mine: here[path] }))
}

/** Whether saving `mine`, which was begun on `base`, would undo what somebody else has saved since. */
export function isOvertaken(base: Draft, theirs: Draft, mine: Draft): boolean {
  const changed = new Set(differences(theirs, base).map(({ path }) => path))
  return differences(theirs, mine).some(({ path }) => changed.has(path))
}

function settingsOf({ name, flow, config }: Draft): Record<string, unknown> {
  return { name, flow, ...config }
}

/** What is wrong in a draft, by its parts. */
export interface DraftErrors {
  name: FieldError[]
  flow: FieldError[]
  config: FieldError[]
  secrets: FieldError[]
  /** What no field of the form is about. */
  whole?: ApiProblem
}

export const NO_DRAFT_ERRORS: DraftErrors = { name: [], flow: [], config: [], secrets: [] }

/** What the server said is wrong, each for its part of the form. */
export function draftErrors(error: unknown, schema: Schema, draft: Draft): DraftErrors {
  const problem = error instanceof ApiProblem ? error : new ApiProblem({ detail: String(error) })
  const parts: DraftErrors = { name: [], flow: [], config: [], secrets: [] }
  let hasPlace = problem.errors.length > 0
  for (const { field, ...rest } of problem.errors) {
    const [part, inner = ''] = field.split(/\.(.*)/s)
    const placed = { ...rest, field: inner }
    if (part === 'name' || part === 'flow') parts[part].push({ ...placed, field: part })
    else if (part === 'secrets') parts.secrets.push(placed)
    else if (part === 'config' && deepest(schema, draft.config, readPath(inner)).length > 0)
      parts.config.push(placed)
    else hasPlace = false
  }
  return hasPlace ? parts : { ...parts, whole: problem }
}

/** What must be filled in and is not, so that the server need not be asked. */
export function unfilled(schemas: FormSchemas, draft: Draft): DraftErrors | undefined {
  const required = (field: string): FieldError[] => [{ field, code: 'required', reason: '' }]
  const errors: DraftErrors = {
    name: draft.name.trim() ? [] : required('name'),
    flow: draft.flow === '' ? required('flow') : [],
    config: missing(schemas.config, schemas.config, draft.config),
    secrets: draft.secrets ? missing(schemas.secrets, schemas.secrets, draft.secrets) : [],
  }
  const some = Object.values(errors).some((part) => part.length > 0)
  return some ? errors : undefined
}

/** What is still wrong after a change: what stood where something has changed is looked at anew when it is saved. */
export function stillWrong(errors: DraftErrors, before: Draft, after: Draft): DraftErrors {
  if (countOf(errors) === 0 && !errors.whole) return errors
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
  const kept = (part: 'config' | 'secrets') =>
    errors[part].filter(({ field }) =>
      same(valueAt(before[part], readPath(field)), valueAt(after[part], readPath(field))),
    )
  return {
    name: before.name === after.name ? errors.name : [],
    flow: before.flow === after.flow ? errors.flow : [],
    config: kept('config'),
    secrets: kept('secrets'),
  }
}

/** How many fields something is wrong in. */
export function countOf({ name, flow, config, secrets }: DraftErrors): number {
  return name.length + flow.length + config.length + secrets.length
}

/** The secrets of a scheme without the places that were left empty. */
export function filled(secrets: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (!secrets) return undefined
  return Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.filter((one) => one !== '') : value,
    ]),
  )
}
