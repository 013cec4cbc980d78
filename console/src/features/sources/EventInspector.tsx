import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import { trace } from '~/api/queries'
import { Problem } from '~/ui/Problem'
import type { RequestRecord } from '../payload/body'
import { Headers, ValuePanel } from '../payload/Panel'
import { markOfRun } from '../thread/mark'
import { useWord } from '../thread/words'
import { ReplayMenu } from '../trace/ReplayMenu'
import type { Answer } from '../trace/records'
import { InspectorHead } from './InspectorHead'
import { InspectorSkeleton } from './InspectorSkeleton'
import { RequestView } from './RequestView'
import type { Webhook } from './webhook'

/** A request that was taken: what became of it, what it was told, and how it came. */
export function EventInspector({ source, id, onBack }: { source: Webhook; id: string; onBack: () => void }) {
  const { t } = useTranslation()
  const word = useWord()
  const navigate = useNavigate()
  const query = useQuery(trace(id))
  if (query.isPending) return <InspectorSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  const event = query.data
  const run = event.runs[0]
  const status = event.filtered ? 'filtered' : (run?.status ?? 'queued')
  const answer = run?.response as Answer | null | undefined
  return (
    <>
      <InspectorHead
        mark={markOfRun(status)}
        title={t('sources.takenAs', { status: word(status) })}
        onBack={onBack}
      >
        <Link
          to="/events/$event"
          params={{ event: id }}
          search={{ source: event.source ?? undefined }}
          className="ml-auto rounded-small text-small text-accent underline underline-offset-2"
        >
          {t('deliveries.thread')} <span className="font-mono">{shortId(id)}</span>
        </Link>
        <ReplayMenu
          trace={event}
          look="plain"
          onReplayed={(run) => ({
            label: t('trace.toReplay'),
            run: () => void navigate({ to: '/events/$event', params: { event: id }, search: { run } }),
          })}
        />
      </InspectorHead>
      {event.filtered && <p className="px-4 pt-1 text-ink-2">{t('trace.filtered')}</p>}
      <div className="mt-3">
        {event.request ? (
          <RequestView
            request={event.request as RequestRecord}
            at={event.received_at}
            base={new URL(source.url).pathname}
          />
        ) : (
          <p className="px-4 text-ink-3">{t('trace.noRequest')}</p>
        )}
      </div>
      {answer && (
        <div className="border-t border-line">
          <ValuePanel
            title={t('trace.answer')}
            note={<span className="tabular">{answer.status}</span>}
            value={answer.body}
            none={t('trace.noBody')}
          />
          <div className="px-4 pb-4">
            <Headers headers={answer.headers ?? []} />
          </div>
        </div>
      )}
    </>
  )
}
