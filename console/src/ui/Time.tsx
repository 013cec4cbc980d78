import { useTranslation } from 'react-i18next'
import { exact, relative, useNow } from './time'

/** A time in relation to now, with the exact one on hover; `at` is RFC 3339. */
export function Time({ at, className }: { at: string; className?: string }) {
  const { i18n } = useTranslation()
  const now = useNow(5_000)
  const time = Date.parse(at)
  // Clocks differ a little: what has just happened never lies ahead.
  const shown = time > now && time - now < 10_000 ? now : time
  return (
    <time dateTime={at} title={exact(time, i18n.language)} className={className}>
      {relative(shown, now, i18n.language)}
    </time>
  )
}

/** A time that lies behind, to the second: how long ago something was heard. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const { i18n } = useTranslation()
  const now = useNow(1_000)
  const time = Date.parse(at)
  return (
    <time dateTime={at} title={exact(time, i18n.language)} className={className}>
      {relative(Math.min(time, now), now, i18n.language)}
    </time>
  )
}

/** A time that lies ahead: when something is due. */
export function Due({ at, className }: { at: string; className?: string }) {
  const { i18n } = useTranslation()
  const now = useNow(1_000)
  const time = Date.parse(at)
  return (
    <time dateTime={at} title={exact(time, i18n.language)} className={className}>
      {relative(Math.max(time, now), now, i18n.language)}
    </time>
  )
}
