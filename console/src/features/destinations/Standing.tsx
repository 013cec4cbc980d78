import { useTranslation } from 'react-i18next'
import type { DestinationView } from '~/api/destinations'
import { MarkIcon } from '../thread/Shape'
import { HEALTH_MARKS, healthOf } from './health'

/** How a destination does, in a shape and a word. */
export function Standing({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const health = healthOf(destination)
  return (
    <span className="flex min-w-0 items-center gap-2 text-ink-2">
      <MarkIcon mark={HEALTH_MARKS[health]} />
      <span className="truncate">{t(`destinations.health.${health}`)}</span>
    </span>
  )
}
