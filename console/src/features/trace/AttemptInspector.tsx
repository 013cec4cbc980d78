import { useTranslation } from 'react-i18next'
import type { DeliveryTrace } from '~/api/queries'
import { ExchangePanels } from '../payload/Exchange'
import { useWord } from '../thread/words'
import type { AttemptRecord } from './records'

/** What an attempt sent, and what came back. */
export function AttemptInspector({ attempt, bare = false }: AttemptInspectorProps) {
  const { t } = useTranslation()
  const words = useAttemptWords()
  const record = attempt.record as AttemptRecord
  const exchanges = record.exchanges ?? []
  return (
    <>
      {!bare && <p className="px-4 pt-3 text-small text-ink-2">{words(attempt)}</p>}
      {exchanges.map((exchange, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: exchanges have no id and never change
        <ExchangePanels key={place} exchange={exchange} />
      ))}
      {exchanges.length === 0 && <p className="px-4 py-3 text-ink-3">{t('trace.notSent')}</p>}
    </>
  )
}

interface AttemptInspectorProps {
  attempt: DeliveryTrace['attempts'][number]
  /** Whether what it is called stands above already. */
  bare?: boolean
}

/** An attempt in words: its number, what came of it, and why. */
export function useAttemptWords() {
  const { t } = useTranslation()
  const word = useWord()
  return ({ number, outcome, record }: DeliveryTrace['attempts'][number]) => {
    const { reason } = record as AttemptRecord
    return [t('trace.attempt', { number }), word(outcome), reason].filter(Boolean).join(' · ')
  }
}
