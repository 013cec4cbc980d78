import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Square } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { goesOn, type LetterJob, letterJobs, useCancelLetters } from '~/api/letters'
import { useEnvironment } from '~/app/environment'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Time } from '~/ui/Time'
import { report } from '~/ui/toast'
import { usePages } from '../list/loaded'
import { MarkIcon } from '../thread/Shape'
import { markOfJob, progressOf, useLetterWords } from './letterWords'

/** What is done with many dead letters now, how far it is, and what was done before. */
export function LetterJobs() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const { rows, more, pending } = usePages(useInfiniteQuery(letterJobs(environment)))
  useFollowed(pending ? undefined : rows)
  const open = rows.filter(goesOn)
  const ended = rows.filter((job) => !goesOn(job))
  if (rows.length === 0) return null
  return (
    <section aria-label={t('deliveries.jobs')} className="border-t border-line">
      {open.map((job) => (
        <Job key={job.id} job={job} />
      ))}
      {ended.length > 0 && (
        <details>
          <summary className="px-4 py-1.5 text-small text-ink-3 hover:text-ink">
            {t('deliveries.earlier', { count: ended.length })}
          </summary>
          <div className="thin-scroll max-h-60 overflow-y-auto">
            {ended.map((job) => (
              <Job key={job.id} job={job} />
            ))}
            {more && (
              <Button look="quiet" busy={more.busy} onClick={more.load}>
                {t('list.more')}
              </Button>
            )}
          </div>
        </details>
      )}
    </section>
  )
}

function Job({ job }: { job: LetterJob }) {
  const { t } = useTranslation()
  const words = useLetterWords(useEnvironment())
  const mayOperate = useMayOperate()
  const { done, total, skipped } = progressOf(job)
  const isOpen = goesOn(job)
  return (
    <div className="px-4 py-1.5 text-small text-ink-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="inline-flex items-center gap-1.5 text-ink">
          <MarkIcon mark={markOfJob(job)} />
          {job.action === 'discard' ? t('deliveries.discard') : t('deliveries.replay')}
          {' · '}
          {words.standing(job)}
        </span>
        <span className="tabular">
          {done} / {total}
          {skipped > 0 && ` · ${t('deliveries.skipped', { count: skipped })}`}
        </span>
        <span className="min-w-0 truncate">{words.which(job.filter)}</span>
        <span className="ml-auto whitespace-nowrap">
          {job.by} · <Time at={job.created_at} />
        </span>
        {isOpen && mayOperate && <Cancel id={job.id} />}
      </div>
      {job.error && <p className="break-words text-failed">{job.error}</p>}
      {isOpen && <Bar done={done + skipped} total={total} />}
    </div>
  )
}

function Bar({ done, total }: { done: number; total: number }) {
  const { t } = useTranslation()
  return (
    <div
      role="progressbar"
      aria-label={t('deliveries.progress')}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
      className="mt-1 h-1.5 overflow-hidden rounded-full bg-line"
    >
      <div
        className="h-full bg-succeeded transition-[width] duration-300"
        style={{ width: `${total === 0 ? 0 : (done / total) * 100}%` }}
      />
    </div>
  )
}

function Cancel({ id }: { id: string }) {
  const { t } = useTranslation()
  const cancel = useCancelLetters()
  return (
    <Button
      busy={cancel.isPending}
      onClick={() => void report(cancel.mutateAsync(id), () => ({ text: t('deliveries.jobCancelled') }))}
    >
      <Square size={13} aria-hidden="true" />
      {t('deliveries.jobCancel')}
    </Button>
  )
}

/** The list is read again as the jobs come further. One may be over before it was ever seen. */
function useFollowed(jobs: LetterJob[] | undefined) {
  const client = useQueryClient()
  const far = jobs?.map((job) => `${job.id}:${progressOf(job).done}:${job.status}`).join()
  const before = useRef<string>(undefined)
  useEffect(() => {
    const known = before.current
    before.current = far
    if (known === undefined || known === far) return
    for (const key of ['deliveries', 'matching-letters']) void client.invalidateQueries({ queryKey: [key] })
  }, [far, client])
}
