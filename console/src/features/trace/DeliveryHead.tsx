import { RotateCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useReplayDelivery } from '~/api/mutations'
import type { DeliveryTrace } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Copyable } from '~/ui/Copy'
import { Due } from '~/ui/Time'
import { report } from '~/ui/toast'
import { useWord } from '../thread/words'

/** Where a delivery stands, its id, and for a dead letter the way to send it again. */
export function DeliveryHead({ delivery, named = true }: { delivery: DeliveryTrace; named?: boolean }) {
  const { t } = useTranslation()
  const word = useWord()
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-3 text-small text-ink-2">
      {named && <h2 className="text-table font-medium text-ink">{delivery.destination}</h2>}
      <span>{word(delivery.state)}</span>
      {delivery.due_at && (
        <span>
          {t('deliveries.due')} <Due at={delivery.due_at} />
        </span>
      )}
      <Copyable text={delivery.id} what={t('deliveries.id')} />
      {delivery.state === 'dead' && <ReplayDead id={delivery.id} />}
    </div>
  )
}

export function ReplayDead({ id }: { id: string }) {
  const { t } = useTranslation()
  const replay = useReplayDelivery()
  return (
    <Button
      busy={replay.isPending}
      onClick={() => void report(replay.mutateAsync(id), () => ({ text: t('deliveries.replayed') }))}
    >
      <RotateCw size={14} aria-hidden="true" />
      {t('deliveries.replay')}
    </Button>
  )
}
