import { useTranslation } from 'react-i18next'
import { goesOn, type LetterFilter, type LetterJob } from '~/api/letters'
import { useNames } from '~/app/environment'
import type { Mark } from '../thread/mark'
import { useWord } from '../thread/words'

/** How far a job is; nothing is known of one that nobody has begun but how many letters it means. */
export function progressOf(job: LetterJob) {
  const { done, total, skipped } = job.progress ?? { done: 0, total: job.matching, skipped: 0 }
  return { done, total, skipped: skipped ?? 0 }
}

/** Where a job stands, as a shape. */
export function markOfJob(job: LetterJob): Mark {
  if (job.status === 'queued') return 'accepted'
  if (goesOn(job)) return 'running'
  if (job.status === 'cancelled') return 'cancelled'
  return job.status === 'failed' ? 'failed' : 'succeeded'
}

/** Which dead letters a filter means, in words. */
export function useLetterWords(environment: string) {
  const { t, i18n } = useTranslation()
  const word = useWord()
  const names = useNames(environment)
  const moment = (at: string) =>
    new Intl.DateTimeFormat(i18n.language, {
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).format(Date.parse(at))
  return {
    which: ({ destination, flow, from, to, reason }: LetterFilter) =>
      [
        destination ? names.shown.destination(destination) : t('deliveries.anyDestination'),
        // A job knows the flow by its id, the address by its name.
        flow && (names.flow(flow) ?? flow),
        reason && t('deliveries.saying', { reason }),
        from && t('deliveries.fromTime', { time: moment(from) }),
        to && t('deliveries.toTime', { time: moment(to) }),
      ]
        .filter(Boolean)
        .join(' · '),
    standing: (job: LetterJob) => (job.status === 'done' ? t('deliveries.jobDone') : word(job.status)),
  }
}
