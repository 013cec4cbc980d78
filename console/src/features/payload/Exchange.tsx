import { useTranslation } from 'react-i18next'
import { Copyable } from '~/ui/Copy'
import { duration } from '~/ui/duration'
import { type Exchange, sentBody } from './body'
import { Body, bodyText, Headers, InOut, Panel } from './Panel'

/** One request, and what came back. */
export function ExchangePanels({ exchange }: { exchange: Exchange }) {
  const { t } = useTranslation()
  const { request, response, error } = exchange
  const got = sentBody(response?.body ?? error?.dialogue)
  return (
    <InOut>
      <SentPanel request={request} />
      <Panel
        title={t('trace.received')}
        note={[response?.status ?? error?.kind, <Timing key="timing" exchange={exchange} />].map(
          (part, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two fixed places
            <span key={place} className={place === 0 ? 'mr-2 font-medium text-ink' : ''}>
              {part}
            </span>
          ),
        )}
        copy={bodyText(got)}
      >
        {error && <p className="break-words text-ink-2">{error.message}</p>}
        {(!error || error.dialogue) && <Body body={got} label={t('trace.received')} />}
        <Headers headers={response?.headers ?? []} />
      </Panel>
    </InOut>
  )
}

/** A request as it goes out. */
export function SentPanel({ request, title }: { request: Exchange['request']; title?: string }) {
  const { t } = useTranslation()
  const sent = sentBody(request?.body)
  const name = title ?? t('trace.sent')
  return (
    <Panel title={name} note={request?.method} copy={bodyText(sent)}>
      {request?.url && (
        <div className="mb-2">
          <Copyable text={request.url} what="URL" />
        </div>
      )}
      <Body body={sent} label={name} />
      <Headers headers={request?.headers ?? []} />
    </Panel>
  )
}

/** Where an exchange's time went. */
function Timing({ exchange }: { exchange: Exchange }) {
  const { t, i18n } = useTranslation()
  const timing = exchange.timing
  if (!timing?.total_ms && timing?.total_ms !== 0) return null
  const parts: [string, number | undefined][] = [
    [t('trace.timing.dns'), timing.dns_ms],
    [t('trace.timing.connect'), timing.connect_ms],
    [t('trace.timing.tls'), timing.tls_ms],
    [t('trace.timing.first'), timing.first_byte_ms],
    [t('trace.timing.total'), timing.total_ms],
  ]
  return (
    <span className="tabular">
      {parts
        .filter(([, ms]) => ms !== undefined)
        .map(([name, ms]) => `${name} ${duration(ms ?? 0, i18n.language)}`)
        .join(' · ')}
    </span>
  )
}
