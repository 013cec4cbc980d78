import { useTranslation } from 'react-i18next'
import type { Heard } from '~/api/live/listening'
import { exact } from '~/ui/time'
import type { Mark } from '../../thread/mark'
import { MarkIcon } from '../../thread/Shape'

export const MARKS: Record<Heard['outcome'], Mark> = {
  accepted: 'succeeded',
  filtered: 'filtered',
  refused: 'failed',
}

interface HeardListProps {
  /** The newest first. */
  heard: Heard[]
  shown: string
  onChoose: (id: string) => void
}

/** What was heard, as soon as it is more than one request. */
export function HeardList({ heard, shown, onChoose }: HeardListProps) {
  const { t, i18n } = useTranslation()
  if (heard.length < 2) return null
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' })
  return (
    <nav
      aria-label={t('listen.heard')}
      className="thin-scroll overflow-x-auto border-b border-line px-4 py-2"
    >
      <ul className="flex gap-1.5">
        {heard.map(({ id, outcome, received_at }) => (
          <li key={id}>
            <button
              type="button"
              aria-current={id === shown ? 'true' : undefined}
              title={exact(Date.parse(received_at), i18n.language)}
              onClick={() => onChoose(id)}
              className="flex h-7 items-center gap-1.5 rounded-base border border-line px-2 text-small whitespace-nowrap text-ink-2 hover:bg-hover aria-[current=true]:border-accent aria-[current=true]:bg-selected aria-[current=true]:text-ink"
            >
              <MarkIcon mark={MARKS[outcome]} />
              <span className="sr-only">{t(`listen.outcomes.${outcome}`)}</span>
              <span className="tabular">{clock.format(Date.parse(received_at))}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  )
}
