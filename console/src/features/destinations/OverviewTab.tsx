import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type DestinationView, useCloseBreaker } from '~/api/destinations'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Due, Time } from '~/ui/Time'
import { report } from '~/ui/toast'
import { MarkIcon } from '../thread/Shape'
import { HEALTH_MARKS, healthOf } from './health'
import { Recent } from './Recent'
import { SwitchOff, SwitchOn } from './SwitchOff'

/** Does it arrive? How the destination does, what waits for it, and what it was sent last. */
export function OverviewTab({ destination }: { destination: DestinationView }) {
  return (
    <>
      <Health destination={destination} />
      <Queue destination={destination} />
      <Recent destination={destination} />
    </>
  )
}

function Health({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const { id, name, breaker, disabled_reason, queue } = destination
  const mayOperate = useMayOperate()
  const health = healthOf(destination)
  return (
    <section
      aria-label={t('columns.status')}
      aria-live="polite"
      className="flex flex-wrap items-start gap-x-6 gap-y-3 px-4 py-4"
    >
      <div className="flex min-w-0 flex-1 basis-80 items-start gap-3">
        <span className="mt-1">
          <MarkIcon mark={HEALTH_MARKS[health]} size={18} />
        </span>
        <div className="min-w-0 break-words">
          <h2 className="text-title font-semibold">{t(`destinations.health.${health}`)}</h2>
          <p className="mt-0.5 max-w-prose text-ink-2">
            {health === 'off'
              ? t('destinations.offReason', { reason: disabled_reason })
              : breaker
                ? t('destinations.lastFailure', { reason: breaker.reason })
                : t(`destinations.healthText.${health === 'failing' ? 'failing' : 'ok'}`, {
                    count: queue.retrying,
                  })}
          </p>
          {breaker && health !== 'off' && (
            <p className="mt-1 text-table text-ink-3">
              {t('destinations.openedAt')} <Time at={breaker.opened_at} /> ·{' '}
              {t('destinations.openings', { count: breaker.openings })}
              {health === 'open' && (
                <>
                  {' '}
                  · {t('destinations.triedAt')} <Due at={breaker.until} />
                </>
              )}
            </p>
          )}
        </div>
      </div>
      {mayOperate && (
        <div className="flex gap-2">
          {breaker && health !== 'off' && <CloseBreaker id={id} />}
          {health === 'off' ? <SwitchOn id={id} /> : <SwitchOff id={id} name={name} />}
        </div>
      )}
    </section>
  )
}

/** Closes the breaker by hand, when somebody knows that the receiver is back. */
function CloseBreaker({ id }: { id: string }) {
  const { t } = useTranslation()
  const close = useCloseBreaker(id)
  return (
    <Button
      look="primary"
      busy={close.isPending}
      onClick={() => void report(close.mutateAsync(), () => ({ text: t('destinations.closed') }))}
    >
      {t('destinations.closeBreaker')}
    </Button>
  )
}

function Queue({ destination: { id, queue } }: { destination: DestinationView }) {
  const { t, i18n } = useTranslation()
  const number = new Intl.NumberFormat(i18n.language)
  return (
    <dl
      aria-label={t('destinations.queue')}
      className="grid grid-cols-2 gap-px border-y border-line bg-line @2xl:grid-cols-4"
    >
      <Figure name={t('destinations.waiting')}>{number.format(queue.pending)}</Figure>
      <Figure name={t('destinations.oldest')}>
        {queue.oldest_at ? <Time at={queue.oldest_at} /> : <span className="text-ink-3">–</span>}
      </Figure>
      <Figure name={t('destinations.blocked')} note={t('destinations.blockedText')}>
        {number.format(queue.blocked)}
      </Figure>
      <Figure name={t('destinations.dead')}>
        {queue.dead > 0 ? (
          <Link
            to="/deliveries"
            search={{ state: 'dead', destination: id }}
            className="rounded-small text-dead underline underline-offset-2"
          >
            {number.format(queue.dead)}
          </Link>
        ) : (
          number.format(0)
        )}
      </Figure>
    </dl>
  )
}

function Figure({ name, note, children }: { name: string; note?: string; children: ReactNode }) {
  return (
    <div title={note} className="min-w-0 bg-surface px-4 py-3">
      <dt className="truncate text-small text-ink-3">{name}</dt>
      <dd className="tabular mt-0.5 truncate text-prose font-medium">{children}</dd>
    </div>
  )
}
