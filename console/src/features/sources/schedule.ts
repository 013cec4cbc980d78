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
