import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { delivery as deliveryQuery, run as runQuery } from '~/api/find'
import { type DeliveryTrace, type RunTrace, type Trace, trace } from '~/api/queries'
import { useNames } from '~/app/environment'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'
import { ValuePanel } from '../payload/Panel'
import { markOfAttempt, markOfDelivery } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { Strip } from '../thread/Strip'
import { AttemptInspector, useAttemptWords } from '../trace/AttemptInspector'
import { DeliveryHead } from '../trace/DeliveryHead'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import { DeliveryFacts } from './DeliveryFacts'

/** `/deliveries/{id}`: did it arrive, and what was said at each attempt? */
export function DeliveryPage() {
  const { delivery: id } = useParams({ from: '/frame/deliveries/$delivery' })
  const delivery = useQuery(deliveryQuery(id))
  const run = useQuery({ ...runQuery(delivery.data?.run ?? ''), enabled: delivery.isSuccess })
  const whole = useQuery({ ...trace(run.data?.event ?? ''), enabled: run.isSuccess })
  const failed = delivery.error ?? run.error ?? whole.error
  if (failed) return <Problem error={failed} retry={() => void delivery.refetch()} />
  const itsRun = whole.data?.runs.find((one) => one.id === delivery.data?.run)
  const made = itsRun?.deliveries.find((one) => one.id === id)
  if (!delivery.data || !whole.data || !itsRun || !made) return <TraceSkeleton />
  return <DeliveryView trace={whole.data} run={itsRun} delivery={made} detail={delivery.data} />
}

interface DeliveryViewProps {
  trace: Trace
  run: RunTrace
  delivery: DeliveryTrace
  detail: Schemas['DeliveryDetail']
}

function DeliveryView({ trace, run, delivery, detail }: DeliveryViewProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const names = useNames(trace.environment)
  const attemptWords = useAttemptWords()
  const attempts = [...delivery.attempts].reverse()
  return (
    <article aria-label={t('thread.delivery')} className="@container flex h-full flex-col">
      <header className="shrink-0 border-b border-line px-4 pt-3 pb-3">
        <div className="flex items-center gap-2">
          <span className="-ml-1.5 xl:hidden">
            <IconButton
              icon={ArrowLeft}
              label={t('back')}
              keys="Esc"
              onClick={() => void navigate({ to: '/deliveries' })}
            />
          </span>
          <MarkIcon mark={markOfDelivery(delivery.state, delivery.attempts.length)} size={16} />
          <h1 className="truncate text-title font-semibold">
            {detail.destination_name ? (
              <Link
                to="/destinations/$destination"
                params={{ destination: detail.destination }}
                className="rounded-small hover:text-accent"
              >
                {delivery.destination}
              </Link>
            ) : (
              delivery.destination
            )}
          </h1>
          <Link
            to="/events/$event"
            params={{ event: trace.id }}
            search={{ run: run.id, at: `delivery.${delivery.id}` }}
            className="ml-auto shrink-0 rounded-small text-small text-accent underline underline-offset-2"
          >
            {t('deliveries.thread')}
          </Link>
        </div>
        <div className="mt-2">
          <Strip
            trace={trace}
            run={run}
            here={delivery.id}
            flow={names.flow(trace.flow)}
            source={trace.source ? names.source(trace.source) : undefined}
          />
        </div>
        <div className="-mx-4">
          <DeliveryHead delivery={delivery} named={false} />
        </div>
        <DeliveryFacts delivery={detail} />
      </header>
      <div className="thin-scroll min-h-0 flex-1 overflow-y-auto bg-sunken">
        <details className="border-b border-line">
          <summary className="px-4 py-2 outline-offset-[-2px] hover:bg-hover">
            {t('deliveries.message')}
          </summary>
          <ValuePanel title={t('deliveries.message')} value={detail.message} none={t('deliveries.unread')} />
        </details>
        {attempts.length === 0 && <p className="p-4 text-ink-3">{t('deliveries.noAttempt')}</p>}
        {attempts.map((attempt, place) => (
          <details key={attempt.number} open={place === 0} className="border-b border-line">
            <summary className="flex items-center gap-2 px-4 py-2 outline-offset-[-2px] hover:bg-hover">
              <MarkIcon mark={markOfAttempt(attempt.outcome)} />
              <span className="truncate">{attemptWords(attempt)}</span>
              <Time at={attempt.at} className="tabular ml-auto shrink-0 text-small text-ink-3" />
            </summary>
            <AttemptInspector attempt={attempt} bare />
          </details>
        ))}
      </div>
    </article>
  )
}
