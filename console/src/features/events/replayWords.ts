import { useTranslation } from 'react-i18next'
import { goesOn, type ReplayJob } from '~/api/replays'
import { useNames } from '~/app/environment'
import type { Mark } from '../thread/mark'
import { useWord } from '../thread/words'

/** How far a replay is; nothing is known of one that nobody has begun but how many events it means. */
export function progressOf(replay: ReplayJob) {
  const { done, total, failed } = replay.progress ?? { done: 0, total: replay.matching, failed: 0 }
  return { done, total, failed: failed ?? 0 }
}

/** Where a replay stands, as a shape. */
export function markOfReplay(replay: ReplayJob): Mark {
  if (replay.status === 'queued') return 'accepted'
  if (goesOn(replay)) return 'running'
  if (replay.status === 'cancelled') return 'cancelled'
  return replay.status === 'failed' || progressOf(replay).failed > 0 ? 'failed' : 'succeeded'
}

/** What is said of a replay: where it stands, on which version, and which events. */
export function useReplayWords(environment: string) {
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
    standing: (replay: ReplayJob) => {
      if (replay.status === 'done') {
        const { failed } = progressOf(replay)
        return failed > 0 ? t('replays.doneBut', { count: failed }) : t('replays.done')
      }
      return word(replay.status)
    },
    version: ({ version }: ReplayJob) =>
      ({ ran: t('replays.ran'), deployed: t('replays.deployed'), draft: t('replays.draft') })[version],
    which: ({ filter: { source, flow, status } }: ReplayJob) => {
      // The flow of a source goes without saying.
      const of = source ? names.shown.source(source) : flow ? names.shown.flow(flow) : undefined
      return [of, status && word(status)].filter(Boolean).join(' · ') || t('replays.all')
    },
    span: ({ filter: { from, to } }: ReplayJob) => `${moment(from)} – ${moment(to)}`,
  }
}
