import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { bulkJobs, goesOn, isLetters, type LetterJob } from '~/api/jobs'
import { useEnvironment } from '~/app/environment'
import { usePages } from '../list/loaded'
import { MarkIcon } from '../thread/Shape'
import { ProgressBar } from './ProgressBar'
import { StopJob } from './StopJob'
import { markOfJob, progressOf, useJobWords } from './words'

/** What is done with many dead letters now, and how far it is. */
export function OpenLetters() {
  const { t } = useTranslation()
  const { rows, pending } = usePages(useInfiniteQuery(bulkJobs(useEnvironment())))
  const letters = rows.filter(isLetters)
  useFollowed(pending ? undefined : letters)
  const open = letters.filter(goesOn)
  if (open.length === 0) return null
  return (
    <section aria-label={t('deliveries.jobs')} className="border-t border-line">
      {open.map((job) => (
        <Job key={job.id} job={job} />
      ))}
    </section>
  )
}

function Job({ job }: { job: LetterJob }) {
  const { t } = useTranslation()
  const words = useJobWords(useEnvironment())
  const { done, total, skipped } = progressOf(job)
  return (
    <div className="px-4 py-1.5 text-small text-ink-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Link
          to="/jobs/$job"
          params={{ job: job.id }}
          className="inline-flex items-center gap-1.5 rounded-small text-ink hover:text-accent"
        >
          <MarkIcon mark={markOfJob(job)} />
          {words.does(job)} · {words.standing(job)}
        </Link>
        <span className="tabular">
          {done} / {total}
          {skipped > 0 && ` · ${t('deliveries.skipped', { count: skipped })}`}
        </span>
        <span className="min-w-0 truncate">{words.which(job)}</span>
        <span className="ml-auto whitespace-nowrap">{job.by}</span>
        <StopJob job={job} />
      </div>
      <ProgressBar job={job} className="mt-1" />
    </div>
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
