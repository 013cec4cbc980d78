import { useSyncExternalStore } from 'react'

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** A time in relation to now: `12 s ago`, `in 5 min`. */
export function relative(at: number, now: number, language: string): string {
  const away = at - now
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'narrow' })
  for (const [unit, length] of STEPS) {
    if (Math.abs(away) >= length) return format.format(Math.trunc(away / length), unit)
  }
  return format.format(0, 'second')
}

/** The exact time, in the person's zone, to the millisecond. */
export function exact(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(at)
}

/** The time of day, to the millisecond. */
export function timeOfDay(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  }).format(at)
}

interface Ticker {
  now: number
  subscribe: (listener: () => void) => () => void
}

/** One clock per step for the whole page, which runs only while somebody looks at it. */
const tickers = new Map<number, Ticker>()

function ticker(stepMs: number): Ticker {
  const known = tickers.get(stepMs)
  if (known) return known
  const listeners = new Set<() => void>()
  let timer: ReturnType<typeof setInterval> | undefined
  const made: Ticker = {
    now: Date.now(),
    subscribe(listener) {
      // It stood still while nobody looked.
      if (listeners.size === 0) made.now = Date.now()
      listeners.add(listener)
      timer ??= setInterval(() => {
        made.now = Date.now()
        for (const tell of listeners) tell()
      }, stepMs)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
  tickers.set(stepMs, made)
  return made
}

const still = () => () => undefined

/** The time now, renewed every `stepMs`; `Infinity` reads it once and then stands still. */
export function useNow(stepMs: number): number {
  const clock = ticker(stepMs)
  return useSyncExternalStore(Number.isFinite(stepMs) ? clock.subscribe : still, () => clock.now)
}
