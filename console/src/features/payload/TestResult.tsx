import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import type { TrialView } from '~/api/destinations'
import { markOfAttempt } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import type { AttemptRecord } from '../trace/records'
import type { Exchange } from './body'
import { ExchangePanels, SentPanel } from './Exchange'

/** What came of a test: the verdict in words, then each request with its answer. */
export function Result({ result }: { result: TrialView }) {
  const { t } = useTranslation()
  const { outcome, disables } = result
  const { reason, exchanges = [], parts } = result.record as AttemptRecord
  const known = outcome === 'delivered' || outcome === 'retry' ? outcome : 'permanent'
  return (
    <section aria-label={t('destinations.result')} className="rounded-base border border-line">
      <div className="flex items-start gap-2.5 px-4 py-3">
        <span className="mt-0.5">
          <MarkIcon mark={markOfAttempt(outcome)} size={16} />
        </span>
        <div className="min-w-0 break-words">
          <p className="font-medium">{t(`destinations.outcomes.${known}`)}</p>
          {reason && <p className="mt-0.5 text-ink-2">{reason}</p>}
          {parts && <p className="mt-0.5 text-ink-2">{t('destinations.partsTaken', { ...parts })}</p>}
          {disables && <p className="mt-0.5 text-ink-2">{t('destinations.wouldDisable')}</p>}
        </div>
      </div>
      {exchanges.map((exchange, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: exchanges have no id and never change
        <div key={place} className="border-t border-line">
          <ExchangePanels exchange={exchange} />
        </div>
      ))}
    </section>
  )
}

/** The requests that a message would be. */
export function Preview({ preview }: { preview: Schemas['PreviewView'] }) {
  const { t } = useTranslation()
  const requests = preview.requests as Exchange['request'][]
  return (
    <section
      aria-label={t('destinations.preview')}
      className="divide-y divide-line rounded-base border border-line"
    >
      <p className="px-4 py-3 font-medium break-words">
        {preview.reason ?? t('destinations.wouldSend', { count: requests.length })}
      </p>
      {requests.map((request, place) => (
        <SentPanel
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no id and never change
          key={place}
          request={request}
          title={t('destinations.part', { number: place + 1, count: requests.length })}
        />
      ))}
    </section>
  )
}
