import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type RunRow, runs } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { Problem } from '~/ui/Problem'
import { Time } from '~/ui/Time'
import { markOfRun } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'

/** How many of the last runs are shown. */
const LAST = 30

/** A flow's last runs; a chosen one is laid over the canvas. */
export function LastRuns({ flow }: { flow: string }) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const query = useInfiniteQuery(runs(environment, { flow, status: undefined }))
  const rows = (query.data?.pages[0]?.items ?? []).slice(0, LAST)
  if (query.isError) return <Problem error={query.error} compact />
  if (query.isSuccess && rows.length === 0) return <p className="p-4 text-ink-3">{t('flows.noRuns')}</p>
  return (
    <>
      <p className="px-4 py-2.5 text-small text-ink-3">{t('flows.runsNote')}</p>
      <ol className="border-t border-line">
        {rows.map((row) => (
          <LastRun key={row.id} row={row} />
        ))}
      </ol>
    </>
  )
}

function LastRun({ row }: { row: RunRow }) {
  const { t } = useTranslation()
  const word = useWord()
  const here = useNavigate({ from: '/flows/$name' })
  const { run } = useSearch({ from: '/frame/flows/$name' })
  const chosen = run === row.id
  const choose = () =>
    void here({ search: (before) => ({ ...before, run: chosen ? undefined : row.id }), replace: true })
  return (
    <li
      className="relative flex h-9 items-center gap-2 border-b border-line px-4 hover:bg-hover aria-[current=true]:bg-selected"
      aria-current={chosen}
    >
      <button
        type="button"
        aria-pressed={chosen}
        className="absolute inset-0 rounded-none outline-offset-[-2px]"
        onClick={choose}
      >
        <span className="sr-only">{t('flows.overlay', { state: word(row.status) })}</span>
      </button>
      <MarkIcon mark={markOfRun(row.status)} />
      <span className="truncate">{word(row.status)}</span>
      <Time at={row.created_at} className="tabular ml-auto text-small text-ink-3" />
      <Link
        to="/runs/$run"
        params={{ run: row.id }}
        className="relative rounded-small px-1 text-small text-accent underline underline-offset-2"
      >
        {t('flows.trace')}
      </Link>
    </li>
  )
}
