import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { bytes } from '~/ui/bytes'
import { Segments } from '~/ui/Segments'
import { exact } from '~/ui/time'
import { bodySize, headerPairs, type RequestRecord, requestBody } from '../payload/body'
import { Body, bodyText, Panel } from '../payload/Panel'

/** What stands where a value was not recorded. */
const HIDDEN = '***'

interface RequestViewProps {
  request: RequestRecord
  /** When it came, in RFC 3339. */
  at: string
  /** The path that the source is called by. */
  base: string
}

/** A request as it came: its line, where it came from, its body and its headers. */
export function RequestView({ request, at, base }: RequestViewProps) {
  const { t, i18n } = useTranslation()
  const size = bodySize(request)
  const line = [base, request.path && `/${request.path}`, request.query && `?${request.query}`]
    .filter(Boolean)
    .join('')
  const facts: [string, string | undefined][] = [
    [t('sources.peer'), request.peer],
    [t('sources.size'), size === undefined ? undefined : bytes(size)],
    [t('columns.received'), exact(Date.parse(at), i18n.language)],
  ]
  return (
    <section aria-label={t('trace.asItCame')} className="border-t border-line">
      <div className="px-4 pt-3">
        <h3 className="text-small font-medium text-ink-2">{t('trace.asItCame')}</h3>
        <p className="mt-1 font-mono text-small break-all">
          <span className="font-medium">{request.method}</span> {line}
        </p>
        <dl className="mt-1.5 flex flex-wrap gap-x-5 gap-y-0.5 text-small">
          {facts.map(
            ([name, value]) =>
              value && (
                <div key={name} className="flex gap-1.5">
                  <dt className="text-ink-3">{name}</dt>
                  <dd className="tabular text-ink-2">{value}</dd>
                </div>
              ),
          )}
        </dl>
      </div>
      <BodyView request={request} />
      <HeaderTable request={request} />
    </section>
  )
}

function BodyView({ request }: { request: RequestRecord }) {
  const { t } = useTranslation()
  const [raw, setRaw] = useState(false)
  const body = requestBody(request)
  const text = request.body?.text
  const isShaped = body?.json !== undefined || (body?.parts !== undefined && text !== undefined)
  return (
    <div className="relative">
      {isShaped && (
        <div className="absolute top-3 right-12 z-10">
          <Segments
            label={t('sources.bodyAs')}
            value={raw ? 'raw' : 'shaped'}
            options={[
              { value: 'shaped', label: body.json !== undefined ? 'JSON' : t('sources.form') },
              { value: 'raw', label: t('sources.raw') },
            ]}
            onChoose={(chosen) => setRaw(chosen === 'raw')}
          />
        </div>
      )}
      <Panel title={t('trace.body')} copy={raw ? text : bodyText(body)}>
        {raw && text !== undefined ? (
          <Body body={{ text, cut: body?.cut ?? false }} label={t('trace.body')} />
        ) : (
          <Body body={body} label={t('trace.body')} />
        )}
      </Panel>
    </div>
  )
}

/** The headers; a value that is not recorded is said to be so. */
function HeaderTable({ request }: { request: RequestRecord }) {
  const { t } = useTranslation()
  const headers = headerPairs(request)
  if (headers.length === 0) return null
  return (
    <div className="thin-scroll overflow-x-auto px-4 pb-4">
      <table className="w-full text-left font-mono text-small leading-5">
        <caption className="pb-1 text-left font-sans text-small font-medium text-ink-2">
          {t('sources.headers')}
        </caption>
        <tbody>
          {headers.map(([name, value]) => (
            <tr key={`${name}:${value}`} className="align-top">
              <th scope="row" className="pr-4 font-normal whitespace-nowrap text-code-key">
                {name}
              </th>
              <td className="w-full break-all text-ink-2">
                {value === HIDDEN ? (
                  <span className="font-sans text-ink-3">{t('sources.hidden')}</span>
                ) : (
                  value
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
