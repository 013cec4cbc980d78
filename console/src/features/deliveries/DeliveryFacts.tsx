import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { shortId } from '~/api/ids'
import { useMayOperate } from '~/app/roles'
import { Time } from '~/ui/Time'
import { DiscardLetter } from './DiscardLetter'
import { EditLetter } from './EditLetter'

const LINK = 'rounded-small text-accent underline underline-offset-2'

/** Where a delivery comes from and what took its place; for a dead letter what can be done besides sending it again. */
export function DeliveryFacts({ delivery }: { delivery: Schemas['DeliveryDetail'] }) {
  const { t } = useTranslation()
  const mayOperate = useMayOperate()
  const { id, run, replay_of, replaced_by, closed_by, finished_at, state, message } = delivery
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-small text-ink-2">
      <span>
        {t('thread.run')}{' '}
        <Link to="/runs/$run" params={{ run }} className={LINK}>
          {shortId(run)}
        </Link>
      </span>
      {replay_of && (
        <span>
          {t('deliveries.replayOf')} <Delivery id={replay_of}>{shortId(replay_of)}</Delivery>
        </span>
      )}
      {replaced_by && (
        <span>
          {t('deliveries.replacedBy')} <Delivery id={replaced_by}>{shortId(replaced_by)}</Delivery>
        </span>
      )}
      {closed_by && finished_at && (
        <span>
          {t('deliveries.closedBy', { name: closed_by })} · <Time at={finished_at} />
        </span>
      )}
      {state === 'dead' && mayOperate && (
        <span className="flex gap-2">
          {message != null && <EditLetter id={id} message={message} />}
          <DiscardLetter id={id} />
        </span>
      )}
    </div>
  )
}

function Delivery({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link to="/deliveries/$delivery" params={{ delivery: id }} className={LINK}>
      {children}
    </Link>
  )
}
