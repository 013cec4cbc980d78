import { type KeyboardEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { Time } from '~/ui/Time'
import { useArrivals } from '../list/arrivals'
import { markOfRun } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'
import { useWord } from '../thread/words'
import type { RequestRow } from './requests'
import type { Requests } from './useRequests'

interface RequestListProps {
  requests: Requests
  selected: string | undefined
  onChoose: (id: string) => void
}

/** Taken and refused requests together, the newest first; the arrows move. */
export function RequestList({ requests, selected, onChoose }: RequestListProps) {
  const { t } = useTranslation()
  const { rows, pending, more, withoutRefused } = requests
  const arrived = useArrivals(rows)
  const list = useRef<HTMLUListElement>(null)
  const move = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (by === 0) return
    event.preventDefault()
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])]
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement)
    buttons[Math.max(0, Math.min(buttons.length - 1, here + by))]?.focus()
  }
  if (pending) return <Skeleton />
  return (
    <section aria-label={t('sources.requests')} className="thin-scroll h-full overflow-y-auto">
      {withoutRefused && (
        <p className="border-b border-line px-4 py-2 text-small text-ink-3">{t('sources.withoutRefused')}</p>
      )}
      <ul ref={list} onKeyDown={move}>
        {rows.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              aria-current={row.id === selected ? 'true' : undefined}
              onClick={() => onChoose(row.id)}
              className={`flex h-12 w-full flex-col justify-center border-b border-line px-4 text-left outline-offset-[-2px] hover:bg-hover aria-[current=true]:bg-selected ${arrived.has(row.id) ? 'arrived' : ''}`}
            >
              <Brief row={row} />
            </button>
          </li>
        ))}
      </ul>
      {more && (
        <div className="flex justify-center p-3">
          <Button look="quiet" busy={more.busy} onClick={more.load}>
            {t('list.more')}
          </Button>
        </div>
      )}
    </section>
  )
}

function Brief({ row }: { row: RequestRow }) {
  const { t } = useTranslation()
  const word = useWord()
  const { event, refusal, at } = row
  return (
    <>
      <span className="flex w-full items-center gap-2">
        <MarkIcon mark={event ? markOfRun(event.status) : 'failed'} />
        <span className="truncate font-medium">
          {event ? t('sources.taken') : t('sources.refusedWith', { status: refusal.status })}
        </span>
        <Time at={at} className="tabular ml-auto shrink-0 text-small text-ink-3" />
      </span>
      <span className="block w-full truncate pl-5.5 text-small text-ink-3">
        {event
          ? word(event.status)
          : t(`refusal.${refusal.code}` as 'refusal.field_invalid', {
              defaultValue: refusal.code,
            })}
      </span>
    </>
  )
}

function Skeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')}>
      {[60, 45, 70, 52, 64].map((width) => (
        <div key={width} className="flex h-12 flex-col justify-center gap-2 border-b border-line px-4">
          <div className="skeleton h-2.5 w-24" />
          <div className="skeleton h-2" style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  )
}
