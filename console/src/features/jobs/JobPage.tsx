import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type BulkJob,
  bulkJob,
  isLetters,
  type LetterJob,
  type ReplayDetail,
  type ReplayJob,
  replay as replayQuery,
} from '~/api/jobs'
import { DEFAULT_ENVIRONMENT, useEnvironment } from '~/app/environment'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'
import { MarkIcon } from '../thread/Shape'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import { ProgressBar, ProgressFigures } from './ProgressBar'
import { ReplayedEvents } from './ReplayedEvents'
import { StopJob } from './StopJob'
import { markOfJob, progressOf, useJobWords } from './words'

/** `/jobs/{id}`: how far one job is, and what has come of it. */
export function JobPage() {
  const { job: id } = useParams({ from: '/frame/jobs/$job' })
  const query = useQuery(bulkJob(id))
  if (query.isPending) return <TraceSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  return isLetters(query.data) ? <Letters job={query.data} /> : <Replay id={id} />
}

function Letters({ job }: { job: LetterJob }) {
  const { t } = useTranslation()
  const destination = job.filter.destination ?? undefined
  return (
    <JobView
      job={job}
      heading={t(`jobs.lettersHeading.${job.action as 'replay' | 'discard'}`, { count: job.matching })}
    >
      <p className="max-w-prose px-4 text-ink-2">
        {t(`jobs.lettersText.${job.action as 'replay' | 'discard'}`)}
      </p>
      {progressOf(job).skipped > 0 && (
        <p className="max-w-prose px-4 pt-1 text-ink-2">{t('jobs.skippedText')}</p>
      )}
      <p className="px-4 pt-2">
        <Link
          to="/deliveries"
          search={{ destination }}
          className="rounded-small text-accent underline underline-offset-2"
        >
          {t('jobs.toDeliveries')}
        </Link>
      </p>
    </JobView>
  )
}

function Replay({ id }: { id: string }) {
  const { t } = useTranslation()
  const query = useQuery(replayQuery(id))
  useItsEnvironment(query.data?.environment)
  if (query.isPending) return <TraceSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  const replay = query.data
  return (
    <JobView job={replay} heading={t('replays.heading', { count: replay.matching })}>
      {replay.version === 'draft' && <p className="px-4 pb-3 text-ink-2">{t('replays.inTest')}</p>}
      <Runs replay={replay} />
    </JobView>
  )
}

function Runs({ replay: { failures, newest, ...replay } }: { replay: ReplayDetail }) {
  const { t } = useTranslation()
  const { failed, total } = progressOf(replay)
  return (
    <>
      {failures.length > 0 && (
        <ReplayedEvents
          title={t('replays.failures')}
          events={failures}
          note={failed > failures.length ? t('replays.firstOnly', { count: failures.length }) : undefined}
        />
      )}
      <ReplayedEvents
        title={t('replays.newest')}
        events={newest}
        note={
          total > newest.length && newest.length >= 100
            ? t('replays.lastOnly', { count: newest.length })
            : undefined
        }
      />
    </>
  )
}

/** Its address alone leads to it; the frame then shows the environment it belongs to. */
function useItsEnvironment(belongs: string | undefined) {
  const environment = useEnvironment()
  const navigate = useNavigate({ from: '/jobs/$job' })
  useEffect(() => {
    if (!belongs || belongs === environment) return
    const env = belongs === DEFAULT_ENVIRONMENT ? undefined : belongs
    void navigate({ search: (before) => ({ ...before, env }), replace: true })
  }, [belongs, environment, navigate])
}

function JobView({ job, heading, children }: { job: BulkJob; heading: string; children: ReactNode }) {
  const words = useJobWords(useEnvironment())
  return (
    <article aria-label={words.does(job)} className="thin-scroll @container h-full overflow-y-auto">
      <Head job={job} heading={heading} />
      <div className="px-4 py-3">
        <ProgressBar job={job} />
        <ProgressFigures job={job} />
      </div>
      {job.error && <p className="px-4 pb-3 break-words text-failed">{job.error}</p>}
      {children}
    </article>
  )
}

function Head({ job, heading }: { job: BulkJob; heading: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const words = useJobWords(useEnvironment())
  return (
    <header className="px-4 pt-3">
      <div className="flex items-start gap-2">
        <span className="-ml-1.5 xl:hidden">
          <IconButton
            icon={ArrowLeft}
            label={t('back')}
            keys="Esc"
            onClick={() => void navigate({ to: '/jobs' })}
          />
        </span>
        <h1 className="min-w-0 flex-1 text-title font-semibold">{heading}</h1>
        <StopJob job={job} />
      </div>
      <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-0.5 text-small text-ink-2">
        <span className="inline-flex items-center gap-1.5 font-medium text-ink">
          <MarkIcon mark={markOfJob(job)} />
          {words.standing(job)}
        </span>
        {!isLetters(job) && <span>{words.version(job as ReplayJob)}</span>}
        <span>{words.which(job)}</span>
        <span className="tabular">{words.span(job)}</span>
        <span>
          {job.by} · <Time at={job.created_at} />
        </span>
      </div>
    </header>
  )
}
