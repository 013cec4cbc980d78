import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '~/api/ids'
import type { ReplayedEvent } from '~/api/jobs'
import { Time } from '~/ui/Time'
import { markOfRun } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'
import { FailureBrief } from '../trace/FailureBrief'
import type { Failure } from '../trace/records'

/** Events that ran again, each with a link to its new run. */
export function ReplayedEvents({ title, events, note }: ReplayedEventsProps) {
  const { t } = useTranslation()
  return (
    <section aria-label={title} className="border-t border-line py-2">
      <h2 className="px-4 py-1 text-small font-medium text-ink-2">{title}</h2>
      {events.length === 0 && <p className="px-4 py-1 text-ink-3">{t('replays.noRunYet')}</p>}
      <ul>
        {events.map((replayed) => (
          <li key={replayed.run_id ?? replayed.event}>
            <Link
              to="/events/$event"
              params={{ event: replayed.event }}
              search={{ source: undefined, flow: undefined, run: replayed.run_id ?? undefined }}
              className="flex min-h-8 items-center gap-2 px-4 py-1 outline-offset-[-2px] hover:bg-hover"
            >
              <Became replayed={replayed} />
              <code className="ml-auto shrink-0 pl-3 font-mono text-small text-ink-3">
                {shortId(replayed.event)}
              </code>
              {replayed.run && (
                <Time
                  at={replayed.run.created_at}
                  className="tabular w-24 shrink-0 text-right text-small text-ink-3 max-md:hidden"
                />
              )}
            </Link>
          </li>
        ))}
      </ul>
      {note && <p className="px-4 py-1 text-small text-ink-3">{note}</p>}
    </section>
  )
}

interface ReplayedEventsProps {
  title: string
  events: ReplayedEvent[]
  /** Why these are not all. */
  note?: string | undefined
}

/** What became of it, and why it failed. */
function Became({ replayed: { run, run_id } }: { replayed: ReplayedEvent }) {
  const { t } = useTranslation()
  const word = useWord()
  if (!run) {
    return (
      <>
        <MarkIcon mark={run_id ? 'skipped' : 'failed'} />
        <span className="truncate text-ink-2">{run_id ? t('replays.expired') : t('replays.noVersion')}</span>
      </>
    )
  }
  return (
    <>
      <MarkIcon mark={markOfRun(run.status)} />
      <span className="shrink-0">{word(run.status)}</span>
      <FailureBrief failure={run.error as Failure | null | undefined} />
    </>
  )
}
