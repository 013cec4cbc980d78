import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft, Square } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { goesOn, type ReplayDetail, replay as replayQuery, useCancelReplay } from '~/api/replays'
import { DEFAULT_ENVIRONMENT, useEnvironment } from '~/app/environment'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { IconButton } from '~/ui/IconButton'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'
import { report } from '~/ui/toast'
import { MarkIcon } from '../thread/Shape'
import { TraceSkeleton } from '../trace/TraceSkeleton'
import { ProgressBar } from './ProgressBar'
import { ReplayedEvents } from './ReplayedEvents'
import { markOfReplay, progressOf, useReplayWords } from './replayWords'

/** `/events/replays/{id}`: how far one replay is, what failed, and the new runs. */
export function ReplayPage() {
  const { replay: id } = useParams({ from: '/frame/events/replays/$replay' })
  const environment = useEnvironment()
  const navigate = useNavigate({ from: '/events/replays/$replay' })
  const query = useQuery(replayQuery(id))
  const belongs = query.data?.environment

  // Its address alone leads to it; the frame then shows the environment it belongs to.
  useEffect(() => {
    if (!belongs || belongs === environment) return
    const env = belongs === DEFAULT_ENVIRONMENT ? undefined : belongs
    void navigate({ search: (before) => ({ ...before, env }), replace: true })
  }, [belongs, environment, navigate])

  if (query.isPending) return <TraceSkeleton />
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  return <ReplayView replay={query.data} onBack={() => void navigate({ to: '/events/replays' })} />
}

function ReplayView({ replay, onBack }: { replay: ReplayDetail; onBack: () => void }) {
  const { t } = useTranslation()
  const { failures, newest } = replay
  const progress = progressOf(replay)
  return (
    <article aria-label={t('trace.replay')} className="thin-scroll @container h-full overflow-y-auto">
      <Head replay={replay} onBack={onBack} />
      <ProgressBar {...progress} />
      {replay.error && <p className="px-4 pb-3 break-words text-failed">{replay.error}</p>}
      {replay.version === 'draft' && <p className="px-4 pb-3 text-ink-2">{t('replays.inTest')}</p>}
      {failures.length > 0 && (
        <ReplayedEvents
          title={t('replays.failures')}
          events={failures}
          note={
            progress.failed > failures.length ? t('replays.firstOnly', { count: failures.length }) : undefined
          }
        />
      )}
      <ReplayedEvents
        title={t('replays.newest')}
        events={newest}
        note={
          progress.total > newest.length && newest.length >= 100
            ? t('replays.lastOnly', { count: newest.length })
            : undefined
        }
      />
    </article>
  )
}

function Head({ replay, onBack }: { replay: ReplayDetail; onBack: () => void }) {
  const { t } = useTranslation()
  const words = useReplayWords(replay.environment)
  const mayOperate = useMayOperate()
  return (
    <header className="px-4 pt-3">
      <div className="flex items-start gap-2">
        <span className="-ml-1.5 xl:hidden">
          <IconButton icon={ArrowLeft} label={t('back')} keys="Esc" onClick={onBack} />
        </span>
        <h1 className="min-w-0 flex-1 text-title font-semibold">
          {t('replays.heading', { count: replay.matching })}
        </h1>
        {goesOn(replay) && mayOperate && <Cancel id={replay.id} />}
      </div>
      <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-0.5 text-small text-ink-2">
        <span className="inline-flex items-center gap-1.5 font-medium text-ink">
          <MarkIcon mark={markOfReplay(replay)} />
          {words.standing(replay)}
        </span>
        <span>{words.version(replay)}</span>
        <span>{words.which(replay)}</span>
        <span className="tabular">{words.span(replay)}</span>
        <span>
          {replay.by} · <Time at={replay.created_at} />
        </span>
      </div>
    </header>
  )
}

function Cancel({ id }: { id: string }) {
  const { t } = useTranslation()
  const cancel = useCancelReplay()
  return (
    <Button
      busy={cancel.isPending}
      onClick={() => void report(cancel.mutateAsync(id), () => ({ text: t('replays.cancelled') }))}
    >
      <Square size={13} aria-hidden="true" />
      {t('replays.cancel')}
    </Button>
  )
}
