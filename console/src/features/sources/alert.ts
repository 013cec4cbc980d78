import type { SourceDraft } from '~/api/mutations'
import { type ApiProblem, asProblem } from '~/api/problem'
import type { SourceView } from '~/api/queries'
import type { FieldError } from '~/ui/form/errors'
import { objectOf } from './schedule'

/** What may befall a destination. */
export const ALERTS = ['breaker_opened', 'breaker_closed', 'destination_disabled', 'dead_letter'] as const
export type AlertKind = (typeof ALERTS)[number]

/** What the console reads and writes of the settings of a source of alerts. */
export interface AlertConfig {
  alerts?: AlertKind[]
  destinations?: string[]
  input?: Record<string, unknown>
}

/** What its form asks for. */
export interface AlertDraft {
  name: string
  flow: string
  alerts: AlertKind[]
  destinations: string[]
  /** A JSON object, as it is written. */
  input: string
}

/** What is wrong, by the field that it is about. */
export type AlertErrors = Partial<Record<keyof AlertDraft, FieldError[]>> & {
  /** What is about no field of the form. */
  whole?: ApiProblem
}

export const NO_ALERT_ERRORS: AlertErrors = {}

/** What the form begins with. */
export function alertDraftOf(source: SourceView | undefined): AlertDraft {
  const { alerts = [], destinations = [], input = {} } = (source?.config ?? {}) as AlertConfig
  return { name: source?.name ?? '', flow: '', alerts, destinations, input: JSON.stringify(input, null, 2) }
}

/** A source of alerts as the API takes it. */
export function alertSourceOf(draft: AlertDraft, enabled: boolean): SourceDraft {
  const { name, flow, input, ...which } = draft
  return { kind: 'alert', name, flow, enabled, config: { ...which, input: objectOf(input) } }
}

const ASKED: readonly string[] = ['name', 'flow', 'alerts', 'destinations', 'input']

/** What the server said is wrong, each at its field. */
export function alertErrors(error: unknown): AlertErrors {
  const problem = asProblem(error)
  const errors: AlertErrors = {}
  for (const { field, reason, ...rest } of problem.errors) {
    const [asked = '', inner] = field.replace(/^config\./, '').split(/[.[](.*)/s)
    if (!ASKED.includes(asked)) return { whole: problem }
    // A list, and the input, are one control: which part it is about is said in words.
    const said = { ...rest, field, reason: inner ? `\`${inner.replace(']', '')}\`: ${reason}` : reason }
    errors[asked as keyof AlertDraft] = [...(errors[asked as keyof AlertDraft] ?? []), said]
  }
  return problem.errors.length > 0 ? errors : { whole: problem }
}
