import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/ui/Problem'
import { MarkIcon } from '../thread/Shape'
import { EventInspector } from './EventInspector'
import { RequestUse } from './infer/RequestUse'
import { Recipe } from './Recipe'
import { RefusalInspector } from './RefusalInspector'
import { RequestList } from './RequestList'
import { useRequests } from './useRequests'
import type { Webhook } from './webhook'

/** What comes to a source as it comes, taken or refused, and one of it in full. */
export function RequestsTab({ source }: { source: Webhook }) {
  const { request: selected } = useSearch({ from: '/frame/sources/$source' })
  const requests = useRequests(source.environment, source.id)
  const navigate = useNavigate({ from: '/sources/$source' })
  const { rows, pending, error, again } = requests
  const choose = (request: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, request }), replace: true })
  const first = useFirst(pending, rows)
  useEffect(() => {
    if (first !== undefined)
      void navigate({ search: (before) => ({ ...before, request: first }), replace: true })
  }, [first, navigate])
  if (error && rows.length === 0) return <Problem error={error} retry={again} />
  if (!pending && rows.length === 0 && selected === undefined) return <Waiting source={source} />
  return (
    <div className="flex h-full min-h-0 flex-col @4xl:flex-row">
      <div
        className={`min-h-0 @4xl:w-80 @4xl:shrink-0 @4xl:border-r @4xl:border-line ${selected ? 'flex-1 @max-4xl:hidden @4xl:flex-none' : 'flex-1 @4xl:flex-none'}`}
      >
        <RequestList requests={requests} selected={selected} onChoose={choose} />
      </div>
      <div
        className={`thin-scroll min-h-0 min-w-0 flex-1 overflow-y-auto ${selected ? '' : '@max-4xl:hidden'}`}
      >
        {selected ? (
          <Inspector key={selected} source={source} id={selected} onBack={() => choose(undefined)} />
        ) : (
          <Choose />
        )}
      </div>
    </div>
  )
}

/** The first request to a source that had none when it was opened: whoever waited for it sees it at once. */
function useFirst(pending: boolean, rows: readonly { id: string }[]): string | undefined {
  const [wasEmpty, setWasEmpty] = useState(false)
  if (!pending && rows.length === 0 && !wasEmpty) setWasEmpty(true)
  return wasEmpty && rows.length === 1 ? rows[0]?.id : undefined
}

function Inspector({ source, id, onBack }: { source: Webhook; id: string; onBack: () => void }) {
  return (
    <>
      {id.startsWith('evt_') ? (
        <EventInspector source={source} id={id} onBack={onBack} />
      ) : (
        <RefusalInspector source={source} id={id} onBack={onBack} />
      )}
      <RequestUse source={source} id={id} />
    </>
  )
}

function Choose() {
  const { t } = useTranslation()
  return <p className="p-6 text-ink-3">{t('sources.chooseRequest')}</p>
}

/** Before the first request: how to make it. It appears by itself. */
function Waiting({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  return (
    <div className="max-w-4xl space-y-4 p-4">
      <p role="status" className="flex items-center gap-2 text-prose">
        <MarkIcon mark={source.enabled ? 'running' : 'pending'} size={16} />
        {source.enabled ? t('sources.waiting') : t('sources.waitingOff')}
      </p>
      <p className="text-ink-2">{t('sources.waitingText')}</p>
      <Recipe source={source} />
    </div>
  )
}
