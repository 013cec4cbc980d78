import { useTranslation } from 'react-i18next'
import type { RunTrace } from '~/api/queries'
import { Time } from '~/ui/Time'
import { markOfRun } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'

interface RunSwitchProps {
  runs: RunTrace[]
  shown: string | undefined
  onChoose: (run: string) => void
}

/** The original run and its repeats. */
export function RunSwitch({ runs, shown, onChoose }: RunSwitchProps) {
  const { t } = useTranslation()
  const word = useWord()
  return (
    <fieldset className="thin-scroll flex shrink-0 gap-1 overflow-x-auto border-t border-line px-3 py-1.5">
      <legend className="sr-only">{t('trace.runs')}</legend>
      {runs.map((run, place) => (
        <button
          key={run.id}
          type="button"
          aria-pressed={run.id === shown}
          onClick={() => onChoose(run.id)}
          className="flex h-7 shrink-0 items-center gap-2 rounded-base px-2.5 text-small text-ink-2 hover:bg-hover aria-pressed:bg-selected aria-pressed:text-ink"
        >
          <MarkIcon mark={markOfRun(run.status)} />
          <span className="sr-only">{word(run.status)}</span>
          {place === 0 ? t('trace.original') : t('trace.repeat', { number: place })}
          <Time at={run.created_at} className="tabular text-ink-3" />
        </button>
      ))}
    </fieldset>
  )
}
