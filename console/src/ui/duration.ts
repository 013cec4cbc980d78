/** How units are written: `ms`, `s`, and from minutes on. */
export interface Units {
  minute: string
  hour: string
  day: string
}

export const UNITS: Record<string, Units> = {
  en: { minute: 'min', hour: 'h', day: 'd' },
  zh: { minute: '分', hour: '小时', day: '天' },
}

/** A length of time in milliseconds with three digits at most, or in two units from minutes on. */
export function duration(ms: number, language = 'en'): string {
  if (ms < 0) return duration(0, language)
  if (ms < 1) return ms === 0 ? '0 ms' : `${Math.round(ms * 1000)} µs`
  if (ms < 1_000) return `${digits(ms)} ms`
  if (ms < 60_000) return `${digits(ms / 1_000)} s`
  const units = UNITS[language] ?? { minute: 'min', hour: 'h', day: 'd' }
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), units.minute, seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 1_440) return pair(Math.floor(minutes / 60), units.hour, minutes % 60, units.minute)
  const hours = Math.round(minutes / 60)
  return pair(Math.floor(hours / 24), units.day, hours % 24, units.hour)
}

function digits(value: number): string {
  if (value >= 100) return String(Math.round(value))
  const text = value.toPrecision(value >= 10 ? 3 : 2)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
