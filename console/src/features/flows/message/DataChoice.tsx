import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/Frame'
import { useWord } from '../../thread/words'
import { type Data, EXAMPLES } from './useData'

/** Whose data the message is shown with. */
export function DataChoice({ data }: { data: Data }) {
  const { t, i18n } = useTranslation()
  const word = useWord()
  const id = useId()
  const { run, runs, choose } = data
  const isListed = run === undefined || runs.some((one) => one.id === run)
  const time = new Intl.DateTimeFormat(i18n.language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const named = (at: string, status: string) => `${time.format(Date.parse(at))} · ${word(status)}`
  return (
    <div className="flex min-w-0 flex-1 basis-72 items-center gap-2">
      <label htmlFor={id} className="shrink-0 text-small text-ink-2">
        {t('message.data')}
      </label>
      <select
        id={id}
        value={run ?? EXAMPLES}
        onChange={({ target }) => choose(target.value)}
        className={`${CONTROL} max-w-80 text-small`}
      >
        <option value={EXAMPLES}>{t('message.examples')}</option>
        {!isListed && <option value={run}>{run}</option>}
        {runs.map((one, place) => (
          <option key={one.id} value={one.id}>
            {place === 0
              ? t('message.latest', { run: named(one.created_at, one.status) })
              : named(one.created_at, one.status)}
          </option>
        ))}
      </select>
      {run && (
        <Link
          to="/runs/$run"
          params={{ run }}
          className="shrink-0 rounded-small px-1 text-small text-accent underline underline-offset-2"
        >
          {t('flows.trace')}
        </Link>
      )}
    </div>
  )
}
