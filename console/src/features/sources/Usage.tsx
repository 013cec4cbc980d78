import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { SourceView } from '~/api/queries'
import { Time } from '~/ui/Time'

/** From here on the server counts no further. */
const MOST = 10_000

/** How much a source is used, and the way to the events that it made. */
export function Usage({ source }: { source: SourceView }) {
  const { t, i18n } = useTranslation()
  const { requests_24h, requests_30d, last_at } = source.usage
  const count = (requests: number) =>
    new Intl.NumberFormat(i18n.language).format(requests) + (requests >= MOST ? '+' : '')
  const facts = [
    [t('sources.lastDay'), count(requests_24h)],
    [t('sources.lastMonth'), count(requests_30d)],
    [t('sources.lastRequest'), last_at ? <Time key="last" at={last_at} /> : t('sources.never')],
  ] as const
  return (
    <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-0.5 text-small">
      <dl aria-label={t('sources.usage')} className="flex flex-wrap gap-x-4 gap-y-0.5">
        {facts.map(([name, value]) => (
          <div key={name} className="flex gap-1.5">
            <dt className="text-ink-3">{name}</dt>
            <dd className="tabular text-ink-2">{value}</dd>
          </div>
        ))}
      </dl>
      <Link
        to="/events"
        search={{ source: source.id }}
        className="rounded-small text-accent underline underline-offset-2"
      >
        {t('sources.events')}
      </Link>
    </div>
  )
}
