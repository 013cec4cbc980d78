import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type DestinationView, recentDeliveries } from '~/api/destinations'
import { shortId } from '~/api/ids'
import { useEnvironment } from '~/app/environment'
import { Problem } from '~/ui/Problem'
import { Due, Time } from '~/ui/Time'
import { attemptMarks } from '../thread/mark'
import { AttemptSparkline } from '../thread/Sparkline'
import { useWord } from '../thread/words'

/** What the destination was sent last, each with its attempts. */
export function Recent({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  // Nothing is due while nothing is sent.
  const paused = destination.disabled_reason != null || destination.breaker != null
  const query = useQuery(recentDeliveries(useEnvironment(), destination.id))
  return (
    <section aria-labelledby="recent" className="py-3">
      <h2 id="recent" className="px-4 pb-1.5 text-small font-medium text-ink-2">
        {t('destinations.recent')}
      </h2>
      {query.error ? (
        <Problem error={query.error} retry={() => void query.refetch()} compact />
      ) : query.isPending ? (
        <div role="status" aria-label={t('loading')} className="px-4">
          <div className="skeleton h-24" />
        </div>
      ) : query.data.length === 0 ? (
        <p className="px-4 text-ink-3">{t('destinations.noneSent')}</p>
      ) : (
        <ul aria-labelledby="recent" className="border-t border-line">
          {query.data.map((delivery) => (
            <Row key={delivery.id} delivery={delivery} paused={paused} />
          ))}
        </ul>
      )}
    </section>
  )
}

type Delivery = Awaited<ReturnType<NonNullable<ReturnType<typeof recentDeliveries>['queryFn']>>>[number]

interface RowProps {
  delivery: Delivery
  paused: boolean
}

function Row({ delivery, paused }: RowProps) {
  const { id, state, attempts, step, created_at, due_at } = delivery
  const { t } = useTranslation()
  const word = useWord()
  return (
    <li className="relative grid h-8 grid-cols-[96px_minmax(0,1.2fr)_auto] items-center gap-3 border-b border-line px-4 hover:bg-hover @2xl:grid-cols-[96px_minmax(0,1fr)_minmax(0,1fr)_108px_76px]">
      <Link
        to="/deliveries/$delivery"
        params={{ delivery: id }}
        aria-label={`${t('thread.delivery')} ${shortId(id)}, ${word(state)}`}
        className="absolute inset-0 rounded-none outline-offset-[-2px]"
      />
      <AttemptSparkline
        marks={attemptMarks(state, attempts)}
        label={t('deliveries.attempts', { count: attempts })}
      />
      <span className="truncate">
        {word(state)}
        {due_at && !paused && (
          <span className="text-ink-3">
            {' · '}
            <Due at={due_at} />
          </span>
        )}
      </span>
      <span className="truncate text-ink-2 @max-2xl:hidden">{step}</span>
      <Time at={created_at} className="tabular text-right text-ink-2" />
      <code className="text-right font-mono text-small text-ink-3 @max-2xl:hidden">{shortId(id)}</code>
    </li>
  )
}
