import { useQuery } from '@tanstack/react-query'
import { RotateCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type LetterAction, type LetterFilter, matchingLetters } from '~/api/letters'
import { type DeliveryFilter, deliveryQuery } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { OpenLetters } from '../jobs/OpenLetters'
import { ManyLetters } from './ManyLetters'

/** How many dead letters the filter means, what can be done with all of them at once, and what is under way. */
export function LettersBar({ filter }: { filter: DeliveryFilter }) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const mayOperate = useMayOperate()
  const [action, setAction] = useState<LetterAction>()
  const { state: _, ...which } = deliveryQuery(filter) as Record<string, string>
  const meant: LetterFilter = which
  const count = useQuery({ ...matchingLetters(environment, meant), enabled: mayOperate })
  if (!mayOperate) return <OpenLetters />
  const none = !count.data
  return (
    <div className="shrink-0 border-b border-line">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 bg-sunken px-4 py-2">
        <span role="status" className="tabular text-ink-2">
          {count.data === undefined ? t('deliveries.counting') : t('deliveries.meant', { count: count.data })}
        </span>
        <span className="ml-auto flex gap-2">
          <Button disabled={none} onClick={() => setAction('replay')}>
            <RotateCw size={14} aria-hidden="true" />
            {t('deliveries.replayAll')}
          </Button>
          <Button look="quiet" className="text-failed!" disabled={none} onClick={() => setAction('discard')}>
            <Trash2 size={14} aria-hidden="true" />
            {t('deliveries.discardAll')}
          </Button>
        </span>
      </div>
      <OpenLetters />
      <ManyLetters action={action} filter={meant} onClose={() => setAction(undefined)} />
    </div>
  )
}
