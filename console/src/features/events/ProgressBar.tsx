import { useTranslation } from 'react-i18next'

interface ProgressBarProps {
  done: number
  total: number
  /** Of those that are done. */
  failed: number
}

/** How far a replay is, in a bar and in numbers. */
export function ProgressBar({ done, total, failed }: ProgressBarProps) {
  const { t } = useTranslation()
  const part = (count: number) => ({ width: `${total === 0 ? 0 : (count / total) * 100}%` })
  return (
    <div className="px-4 py-3">
      <div
        role="progressbar"
        aria-label={t('replays.progress')}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        className="flex h-1.5 overflow-hidden rounded-full bg-line"
      >
        <div className="bg-succeeded transition-[width] duration-300" style={part(done - failed)} />
        <div className="bg-failed transition-[width] duration-300" style={part(failed)} />
      </div>
      <dl className="tabular mt-2 flex flex-wrap gap-x-5 text-small text-ink-2">
        <Figure name={t('replays.doneOf')} value={`${done} / ${total}`} />
        <Figure name={t('replays.good')} value={String(done - failed)} />
        <Figure name={t('status.failed')} value={String(failed)} bad={failed > 0} />
      </dl>
    </div>
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
