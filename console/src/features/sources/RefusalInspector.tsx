import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { refusal as refusalQuery, sourceSchema } from '~/api/queries'
import { Coded } from '~/ui/Coded'
import { Problem } from '~/ui/Problem'
import type { RequestRecord } from '../payload/body'
import { ValuePanel } from '../payload/Panel'
import { CheckList } from './CheckList'
import { checkOf, verdicts } from './checks'
import { FieldErrors, type FieldProblem } from './FieldErrors'
import { InspectorHead } from './InspectorHead'
import { InspectorSkeleton } from './InspectorSkeleton'
import { RequestView } from './RequestView'
import { TryAgain } from './TryAgain'
import type { Webhook } from './webhook'

/** What the server keeps of a refused request. */
interface RefusalRecord {
  request?: RequestRecord
  answer?: { title?: string; detail?: string; errors?: FieldProblem[] }
}

/** A request that was refused: by which check and why, what to do about it, and how it came. */
export function RefusalInspector({
  source,
  id,
  onBack,
}: {
  source: Webhook
  id: string
  onBack: () => void
}) {
  const { t, i18n } = useTranslation()
  const query = useQuery(refusalQuery(id))
  const codes = useQuery(sourceSchema()).data?.refusals
  if (query.isPending) return <InspectorSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  const { code, status, received_at, record, replayable, replayed_as } = query.data
  const { request, answer } = record as RefusalRecord
  const known = codes?.find((one) => one.code === code)
  const advice = i18n.language === 'zh' ? known?.advice_zh : known?.advice_en
  const title = t(`refusal.${code}` as 'refusal.field_invalid', { defaultValue: answer?.title ?? code })
  const failed = checkOf(code, status, answer?.detail ?? '')
  return (
    <>
      <InspectorHead mark="failed" title={title} onBack={onBack}>
        <span className="tabular text-prose text-ink-3">{status}</span>
        <code className="font-mono text-small text-ink-3">{code}</code>
      </InspectorHead>
      <div className="grid gap-x-6 gap-y-4 px-4 pt-2 pb-4 @xl:grid-cols-[minmax(0,1fr)_auto]">
        <div className="min-w-0 space-y-3">
          {answer?.detail && <p className="break-words text-ink-2">{answer.detail}</p>}
          {answer?.errors && answer.errors.length > 0 && <FieldErrors errors={answer.errors} />}
          {advice && (
            <div className="rounded-base border border-line bg-sunken px-3 py-2.5">
              <h3 className="text-small font-medium text-ink-2">{t('sources.next')}</h3>
              <p className="mt-0.5 text-table">
                <Coded text={advice} />
              </p>
            </div>
          )}
        </div>
        {failed && <CheckList checks={verdicts(failed, source.config as Record<string, unknown>)} />}
      </div>
      <TryAgain
        key={id}
        id={id}
        replayable={replayable}
        replayedAs={replayed_as}
        cutFrom={request?.cut_from}
      />
      {request && <RequestView request={request} at={received_at} base={new URL(source.url).pathname} />}
      <div className="border-t border-line">
        <ValuePanel title={t('sources.told')} value={answer} none={t('trace.nothing')} />
      </div>
    </>
  )
}
