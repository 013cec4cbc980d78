import { useTranslation } from 'react-i18next'
import { type BulkJob, isLetters } from '~/api/jobs'
import { progressOf } from './words'

/** How far a job is, in a bar. */
export function ProgressBar({ job, className = '' }: { job: BulkJob; className?: string }) {
  const { t } = useTranslation()
  const { done, total, failed, skipped } = progressOf(job)
  const part = (count: number) => ({ width: `${total === 0 ? 0 : (count / total) * 100}%` })
  return (
    <div
      role="progressbar"
      aria-label={t('replays.progress')}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done + skipped}
      className={`flex h-1.5 overflow-hidden rounded-full bg-line ${className}`}
    >
      <div className="bg-succeeded transition-[width] duration-300" style={part(done - failed)} />
      <div className="bg-failed transition-[width] duration-300" style={part(failed)} />
      <div className="bg-skipped transition-[width] duration-300" style={part(skipped)} />
    </div>
  )
}

/** How far a job is, in numbers. */
export function ProgressFigures({ job }: { job: BulkJob }) {
  const { t } = useTranslation()
  const { done, total, failed, skipped } = progressOf(job)
  return (
    <dl className="tabular mt-2 flex flex-wrap gap-x-5 text-small text-ink-2">
      <Figure name={t('replays.doneOf')} value={`${done} / ${total}`} />
      {isLetters(job) ? (
        <Figure name={t('jobs.skipped')} value={String(skipped)} />
      ) : (
        <>
          <Figure name={t('replays.good')} value={String(done - failed)} />
          <Figure name={t('status.failed')} value={String(failed)} bad={failed > 0} />
        </>
      )}
    </dl>
  )
}

function Figure({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div className="flex gap-1.5">
      <dt>{name}</dt>
      <dd className={`font-medium ${bad ? 'text-failed' : 'text-ink'}`}>{value}</dd>
    </div>
  )
}
