import type { UseQueryResult } from '@tanstack/react-query'
import { SendHorizontal, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type Rehearsal, type RehearsalView, type Step, useTestStep } from '~/api/rehearsals'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'
import type { Exchange } from '../../payload/body'
import { SentPanel } from '../../payload/Exchange'
import { Result } from '../../payload/TestResult'
import { Problems } from '../Problems'
import { DataChoice } from './DataChoice'
import { problemsOf } from './model/problems'
import type { Data } from './useData'

interface PreviewProps {
  place: Step
  asked: Rehearsal
  query: UseQueryResult<RehearsalView>
  data: Data
  destination: string
}

/** Exactly what would be sent with the data that is chosen, and a real test of it. */
export function Preview({ place, asked, query, data, destination }: PreviewProps) {
  const { t } = useTranslation()
  const test = useTestStep(place)
  const mayTest = useMayOperate()
  const view = query.data
  return (
    <>
      <div className="sticky top-0 z-10 flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2">
        <DataChoice data={data} />
        <Button
          busy={test.isPending}
          disabled={!mayTest || !view?.requests.length || query.isFetching}
          onClick={() => test.mutate(asked)}
          aria-describedby="test-note"
        >
          <SendHorizontal size={14} aria-hidden="true" />
          {t('message.send')}
        </Button>
      </div>
      <p id="test-note" className="px-4 pt-2.5 text-small text-ink-3">
        {t('message.sendNote', { destination })}
      </p>
      <div aria-live="polite">
        {(test.error || test.data) && (
          <section aria-label={t('message.test')} className="border-b border-line px-4 pt-2 pb-4">
            <div className="flex items-center justify-between pb-1.5">
              <h2 className="text-small font-medium text-ink-2">
                {t('message.test')}
                {test.data && (
                  <span className="ml-2 font-normal text-ink-3">
                    <Time at={test.data.at} />
                    {test.variables.definition !== asked.definition && ` · ${t('message.testOld')}`}
                  </span>
                )}
              </h2>
              <IconButton icon={X} label={t('dismiss')} onClick={test.reset} />
            </div>
            {test.error && <Problem error={test.error} compact />}
            {test.data && <Result result={test.data} />}
          </section>
        )}
      </div>
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {!view && !query.isError && (
        <div className="skeleton m-4 h-40" role="status" aria-label={t('loading')} />
      )}
      {view && (
        <div
          aria-busy={query.isPlaceholderData}
          className="transition-opacity duration-100 aria-busy:opacity-60"
        >
          <Requests view={view} />
          <Wrong view={view} node={place.node} />
        </div>
      )}
    </>
  )
}

/** The requests of a message, or why there are none. */
function Requests({ view }: { view: RehearsalView }) {
  const { t } = useTranslation()
  const requests = view.requests as Exchange['request'][]
  const why = view.reason ?? (requests.length === 0 ? t('message.cannot') : undefined)
  return (
    <div className="divide-y divide-line">
      {why && <p className="px-4 py-3 font-medium break-words">{why}</p>}
      {requests.map((request, at) => (
        <SentPanel
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no id
          key={at}
          request={request}
          title={
            requests.length === 1
              ? t('message.preview')
              : t('destinations.part', { number: at + 1, count: requests.length })
          }
        />
      ))}
    </div>
  )
}

/** What is wrong: in this step, which keeps it from being sent, and elsewhere, which does not. */
function Wrong({ view, node }: { view: RehearsalView; node: string }) {
  const { t } = useTranslation()
  const own = problemsOf(view.problems, node)
  const others = view.problems.filter((problem) => problem.node !== node)
  return (
    <>
      {own.length > 0 && (
        <div className="border-t border-line">
          <Problems flow={{ problems: own }} />
        </div>
      )}
      {others.length > 0 && (
        <details className="border-t border-line">
          <summary className="px-4 py-2.5 text-small text-ink-2 hover:text-ink">
            {t('message.others', { count: others.length })}
          </summary>
          <Problems flow={{ problems: others }} />
        </details>
      )}
    </>
  )
}
