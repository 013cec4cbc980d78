import type { SourceDraft } from '~/api/mutations'
import { type ApiProblem, asProblem } from '~/api/problem'
import type { SourceView } from '~/api/queries'
import type { FieldError } from '~/ui/form/errors'

/** What the console reads and writes of a schedule's settings. */
export interface ScheduleConfig {
  cron: string
  time_zone?: string
  input?: Record<string, unknown>
  missed?: Missed
}

/** What becomes of ticks whose time has passed while no server ran. */
export const MISSED = ['one', 'skip', 'all'] as const
export type Missed = (typeof MISSED)[number]

/** What the form of a schedule asks for, as it is written there. */
export interface ScheduleDraft {
  name: string
  flow: string
  cron: string
  time_zone: string
  missed: string
  /** A JSON object. */
  input: string
}

export type ScheduleAsk = keyof ScheduleDraft

/** What is wrong, by the field that it is about. */
export type ScheduleErrors = Partial<Record<ScheduleAsk, FieldError[]>> & {
  /** What is about no field of the form. */
  whole?: ApiProblem
}

export const NO_SCHEDULE_ERRORS: ScheduleErrors = {}

/** What the form begins with: a schedule as it is or, for a new one, nine o'clock on working days. */
export function draftOf(source: SourceView | undefined): ScheduleDraft {
  const known = source?.config as unknown as ScheduleConfig | undefined
  return {
    name: source?.name ?? '',
    flow: '',
    cron: known?.cron ?? '0 9 * * MON-FRI',
    time_zone: known ? (known.time_zone ?? 'UTC') : (timeZones()[0] ?? 'UTC'),
    missed: known?.missed ?? 'one',
    input: JSON.stringify(known?.input ?? {}, null, 2),
  }
}

/** A schedule as the API takes it. */
export function sourceOf({ name, flow, input, ...when }: ScheduleDraft, enabled: boolean): SourceDraft {
  return { kind: 'schedule', name, flow, enabled, config: { ...when, input: objectOf(input) } }
}

const ASKED: readonly string[] = ['name', 'flow', 'cron', 'time_zone', 'missed', 'input']

/** What the server said is wrong, each at its field: of a schedule (`config.cron`), or of a preview (`cron`). */
export function scheduleErrors(error: Error | null): ScheduleErrors {
  if (!error) return NO_SCHEDULE_ERRORS
  const problem = asProblem(error)
  const errors: ScheduleErrors = {}
  for (const { field, reason, ...rest } of problem.errors) {
    const [asked = '', inner] = field.replace(/^config\./, '').split(/\.(.*)/s)
    if (!ASKED.includes(asked)) return { whole: problem }
    // The input is one control: which of its fields it is about is said in words.
    const said = { ...rest, field, reason: inner ? `\`${inner}\`: ${reason}` : reason }
    errors[asked as ScheduleAsk] = [...(errors[asked as ScheduleAsk] ?? []), said]
  }
  return problem.errors.length > 0 ? errors : { whole: problem }
}

/** A cron expression in words. They come when they are asked for: few pages need them. */
export async function inWords(cron: string, language: string): Promise<string | null> {
  const [{ default: cronstrue }] = await Promise.all([import('cronstrue'), import('cronstrue/locales/zh_CN')])
  const locale = language.startsWith('zh') ? 'zh_CN' : 'en'
  try {
    return cronstrue.toString(cron, { locale, use24HourTimeFormat: true, verbose: true })
  } catch {
    // The server says what is wrong with it, or it knows more than these words do.
    return null
  }
}

/** The names of all time zones, the person's own first. */
export function timeZones(): string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  return [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])]
}

/** The input as it was written, if that is a JSON object. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
