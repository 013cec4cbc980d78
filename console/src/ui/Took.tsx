import { useTranslation } from 'react-i18next'
import { duration } from './duration'

/** How long something took; a dash while it is still under way or where it is not known. */
export function Took({ ms, open = false }: { ms: number | null | undefined; open?: boolean }) {
  const { i18n } = useTranslation()
  if (ms === null || ms === undefined || open) return <span className="text-ink-3">–</span>
  // The API tells whole milliseconds: a run of pure steps ends within the one it began in.
  return <span className="tabular">{ms === 0 ? '< 1 ms' : duration(ms, i18n.language)}</span>
}
