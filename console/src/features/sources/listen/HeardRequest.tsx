import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Heard } from '~/api/live/listening'
import { refusal as refusalQuery } from '~/api/queries'
import type { RequestRecord } from '../../payload/body'
import { MarkIcon } from '../../thread/Shape'
import { useWord } from '../../thread/words'
import { CheckList } from '../CheckList'
import { checkOf, verdicts } from '../checks'
import type { SourceConfig } from '../config'
import { RequestUse } from '../infer/RequestUse'
import { RequestView } from '../RequestView'
import type { Webhook } from '../webhook'
import { MARKS } from './HeardList'

/** A request that was heard: whether it was taken, what can be made of it, and how it came. */
export function HeardRequest({ source, heard }: { source: Webhook; heard: Heard }) {
  const { t } = useTranslation()
  const { id, outcome, received_at, request } = heard
  return (
    <section aria-label={t('listen.request')} className="pb-2">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 px-4 pt-3">
        <MarkIcon mark={MARKS[outcome]} />
        <h2 className="text-prose font-medium">{t(`listen.outcomes.${outcome}`)}</h2>
        <Link
          from="/sources/$source"
          search={(before) => ({ ...before, tab: undefined, request: id })}
          className="ml-auto rounded-small text-small text-accent underline underline-offset-2"
        >
          {t('listen.whole')}
        </Link>
      </div>
      {outcome === 'refused' ? <WhyRefused source={source} id={id} /> : <Verified source={source} />}
      {outcome === 'filtered' && <p className="px-4 pt-1 text-ink-2">{t('trace.filtered')}</p>}
      <div className="mt-3">
        <RequestUse source={source} id={id} open />
        <RequestView
          request={request as RequestRecord}
          at={received_at}
          base={new URL(source.url).pathname}
        />
      </div>
    </section>
  )
}

/** A request that was taken passed the verification, where there is one. */
function Verified({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  const word = useWord()
  const scheme = (source.config as SourceConfig).verification?.scheme ?? 'none'
  return (
    <p className="px-4 pt-1 text-ink-2">
      {scheme === 'none' ? t('listen.unverified') : t('listen.verified', { scheme: word(scheme) })}
    </p>
  )
}

/** What a sender was told that was refused. */
interface RefusalAnswer {
  title?: string
  detail?: string
  errors?: { field: string; code: string; expected: string; got: string }[]
}

/** Which check refused it, and why. */
function WhyRefused({ source, id }: { source: Webhook; id: string }) {
  const { t } = useTranslation()
  const { data } = useQuery(refusalQuery(id))
  if (!data) return <div className="skeleton mx-4 mt-2 h-4 w-64" />
  const { code, status, record } = data
  const { answer } = record as { answer?: RefusalAnswer }
  const failed = checkOf(code, status, answer?.detail ?? '')
  return (
    <div className="grid gap-x-6 gap-y-3 px-4 pt-1 @xl:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <p className="font-medium">
          {t(`refusal.${code}` as 'refusal.field_invalid', { defaultValue: answer?.title ?? code })}
          <span className="tabular ml-2 font-normal text-ink-3">{status}</span>
        </p>
        {answer?.detail && <p className="mt-1 break-words text-ink-2">{answer.detail}</p>}
        <ul className="mt-1 space-y-0.5 text-ink-2">
          {answer?.errors?.map(({ field, code, expected, got }) => (
            <li key={field + code} className="break-words">
              <code className="mr-2 font-mono text-small text-failed">{field}</code>
              {t('listen.misfit', { expected, got })}
            </li>
          ))}
        </ul>
      </div>
      {failed && <CheckList checks={verdicts(failed, source.config as Record<string, unknown>)} />}
    </div>
  )
}
