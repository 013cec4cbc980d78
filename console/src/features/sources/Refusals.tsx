import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { type RefusalRow, refusals } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'
import { usePages } from '../list/loaded'
import { headerPairs, type RequestRecord, requestBody } from '../payload/body'
import { Body, bodyText, Headers, InOut, Panel, ValuePanel } from '../payload/Panel'
import { MarkIcon } from '../thread/Shape'

/** The requests that a source did not take: what came, and what it was told. */
export function Refusals({ environment, source }: { environment: string; source: string }) {
  const { t } = useTranslation()
  const { rows, pending, error, again, more } = usePages(useInfiniteQuery(refusals(environment, source)))
  return (
    <section aria-label={t('sources.refused')} className="flex-1 bg-sunken">
      <h2 className="px-4 pt-3 pb-2 text-small font-medium text-ink-2">{t('sources.refused')}</h2>
      {error !== null && <Problem error={error} retry={again} />}
      {!pending && !error && rows.length === 0 && (
        <p className="px-4 text-ink-3">{t('sources.noneRefused')}</p>
      )}
      {rows.map((row) => (
        <Refusal key={row.id} row={row} />
      ))}
      {more && (
        <div className="flex justify-center p-3">
          <Button look="quiet" busy={more.busy} onClick={more.load}>
            {t('list.more')}
          </Button>
        </div>
      )}
    </section>
  )
}

interface RefusalRecord {
  request?: RequestRecord
  answer?: { detail?: string; errors?: unknown[] }
}

function Refusal({ row }: { row: RefusalRow }) {
  const { t } = useTranslation()
  const { request = {}, answer } = row.record as RefusalRecord
  const body = requestBody(request)
  return (
    <details className="border-t border-line">
      <summary className="flex items-center gap-2 px-4 py-2 outline-offset-[-2px] hover:bg-hover">
        <MarkIcon mark="failed" />
        <span className="tabular shrink-0 font-medium">{row.status}</span>
        <code className="shrink-0 font-mono text-small text-ink-2">{row.code}</code>
        <span className="truncate text-ink-3">{answer?.detail}</span>
        <Time at={row.received_at} className="tabular ml-auto shrink-0 text-small text-ink-3" />
      </summary>
      <InOut>
        <Panel
          title={t('trace.asItCame')}
          note={[request.method, request.peer && t('trace.from', { peer: request.peer })]
            .filter(Boolean)
            .join(' · ')}
          copy={bodyText(body)}
        >
          <Body body={body} label={t('trace.asItCame')} />
          <Headers headers={headerPairs(request)} />
        </Panel>
        <ValuePanel title={t('sources.told')} value={answer} none={t('trace.nothing')} />
      </InOut>
    </details>
  )
}
