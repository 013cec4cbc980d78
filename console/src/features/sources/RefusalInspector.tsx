import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { refusal as refusalQuery, sourceSchema } from '~/api/queries'
import { Coded } from '~/ui/Coded'
import { Problem } from '~/ui/Problem'
import type { RequestRecord } from '../payload/body'
import { ValuePanel } from '../payload/Panel'
import { CheckList } from './CheckList'
import { checkOf, verdicts } from './checks'
import { InspectorHead } from './InspectorHead'
import { InspectorSkeleton } from './InspectorSkeleton'
import { RequestView } from './RequestView'
import type { Webhook } from './webhook'

/** What the server keeps of a refused request. */
interface RefusalRecord {
  request?: RequestRecord
  answer?: { title?: string; detail?: string; errors?: FieldProblem[] }
}

interface FieldProblem {
  field: string
  code: string
  expected: string
  got: string
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
  const { code, status, received_at, record } = query.data
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
      {request && <RequestView request={request} at={received_at} base={new URL(source.url).pathname} />}
      <div className="border-t border-line">
        <ValuePanel title={t('sources.told')} value={answer} none={t('trace.nothing')} />
      </div>
    </>
  )
}

/** The fields that did not fit: of each what was expected, and what came. */
function FieldErrors({ errors }: { errors: FieldProblem[] }) {
  const { t } = useTranslation()
  return (
    <table className="w-full text-left text-table">
      <caption className="sr-only">{t('sources.fieldErrors')}</caption>
      <thead>
        <tr className="text-small text-ink-3">
          {[t('sources.field'), t('sources.expected'), t('sources.got')].map((head) => (
            <th key={head} scope="col" className="border-b border-line py-1 pr-4 font-normal">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {errors.map(({ field, code, expected, got }) => (
          <tr key={field + code} className="align-baseline">
            <th
              scope="row"
              className="border-b border-line py-1 pr-4 font-mono text-small font-normal text-failed"
            >
              {field}
            </th>
            <td className="border-b border-line py-1 pr-4 break-words">{expected}</td>
            <td className="border-b border-line py-1 break-words text-ink-2">{got}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
