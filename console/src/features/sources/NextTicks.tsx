import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { asProblem } from '~/api/problem'
import { preview } from '~/api/queries'
import { Due } from '~/ui/Time'
import { inWords } from './schedule'

/** What a cron expression says in words, and the times that come next, as the server reckons them. */
export function NextTicks({ cron, zone }: { cron: string; zone: string }) {
  const { t, i18n } = useTranslation()
  const ticks = useQuery({ ...preview(cron, zone), placeholderData: keepPreviousData })
  const words = useQuery({
    queryKey: ['cron in words', cron, i18n.language],
    queryFn: () => inWords(cron, i18n.language),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (ticks.error) {
    const problem = asProblem(ticks.error)
    // What is wrong with a field is said there.
    if (problem.errors.length > 0) return <p className="text-small text-ink-3">{t('sources.noTicks')}</p>
    return (
      <p role="alert" className="text-small text-failed">
        {problem.message}
      </p>
    )
  }
  return (
    <div className="space-y-1 text-small">
      <p className="min-h-5 text-ink-2">{words.data}</p>
      <ol aria-label={t('sources.nextTicks')} className="space-y-0.5">
        {ticks.data?.ticks.map((tick) => (
          <li key={tick.at} className="tabular flex justify-between gap-4">
            <time dateTime={tick.at} title={tick.at} className="font-mono">
              {tick.local.replace('T', ' ')}
            </time>
            <Due at={tick.at} className="text-ink-3" />
          </li>
        ))}
      </ol>
    </div>
  )
}
