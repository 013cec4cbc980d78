import { useTranslation } from 'react-i18next'
import { type BulkJob, goesOn, isLetters, type LetterJob, type ReplayJob } from '~/api/jobs'
import type { LetterFilter } from '~/api/letters'
import { useNames } from '~/app/environment'
import type { Mark } from '../thread/mark'
import { useWord } from '../thread/words'

/** How far a job is; nothing is known of one that nobody has begun but how many records it means. */
export function progressOf(job: BulkJob) {
  const { done, total, failed, skipped } = job.progress ?? { done: 0, total: job.matching }
  return { done, total, failed: failed ?? 0, skipped: skipped ?? 0 }
}

/** Where a job stands, as a shape. */
export function markOfJob(job: BulkJob): Mark {
  if (job.status === 'queued') return 'accepted'
  if (goesOn(job)) return 'running'
  if (job.status === 'cancelled') return 'cancelled'
  return job.status === 'failed' || progressOf(job).failed > 0 ? 'failed' : 'succeeded'
}

/** What is said of a job: what it does, where it stands, and with which records. */
export function useJobWords(environment: string) {
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
  const events = ({ filter: { source, flow, status } }: ReplayJob) => {
    // The flow of a source goes without saying.
    const of = source ? names.shown.source(source) : flow ? names.shown.flow(flow) : undefined
    return [of, status && word(status)].filter(Boolean).join(' · ') || t('replays.all')
  }
  const which = ({ destination, flow, reason }: LetterFilter | LetterJob['filter']) => [
    destination ? names.shown.destination(destination) : t('deliveries.anyDestination'),
    // A job knows the flow by its id, the address by its name.
    flow && (names.flow(flow) ?? flow),
    reason && t('deliveries.saying', { reason }),
  ]
  const when = ({ from, to }: { from?: string | null | undefined; to?: string | null | undefined }) => [
    from && t('deliveries.fromTime', { time: moment(from) }),
    to && t('deliveries.toTime', { time: moment(to) }),
  ]
  const joined = (parts: (string | null | undefined)[]) => parts.filter(Boolean).join(' · ')
  return {
    does: (job: BulkJob) =>
      isLetters(job) ? t(`jobs.letters.${job.action as 'replay' | 'discard'}`) : t('jobs.events'),
    standing: (job: BulkJob) => {
      if (job.status !== 'done') return word(job.status)
      const { failed } = progressOf(job)
      return failed > 0 ? t('replays.doneBut', { count: failed }) : t('replays.done')
    },
    version: ({ version }: ReplayJob) =>
      ({ ran: t('replays.ran'), deployed: t('replays.deployed'), draft: t('replays.draft') })[version],
    which: (job: BulkJob) => (isLetters(job) ? joined(which(job.filter)) : events(job)),
    span: (job: BulkJob) =>
      isLetters(job) ? joined(when(job.filter)) : `${moment(job.filter.from)} – ${moment(job.filter.to)}`,
    /** Which dead letters a filter means. */
    letters: (filter: LetterFilter) => joined([...which(filter), ...when(filter)]),
  }
}
