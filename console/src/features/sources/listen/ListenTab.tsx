import { Radio, Square } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListenState } from '~/api/live/listening'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Copyable } from '~/ui/Copy'
import { MarkIcon } from '../../thread/Shape'
import { addressOf, type SourceConfig } from '../config'
import { Recipe } from '../Recipe'
import type { Webhook } from '../webhook'
import { HeardList } from './HeardList'
import { HeardRequest } from './HeardRequest'
import { useListening } from './useListening'

/** Waits for the next requests of a source, and makes fields and samples of them. */
export function ListenTab({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  const mayListen = useMayOperate()
  const { state, heard, start, stop } = useListening(source.id)
  const [chosen, setChosen] = useState<string>()
  const shown = heard.find(({ id }) => id === chosen) ?? heard[0]
  if (!mayListen) return <p className="p-4 text-ink-2">{t('listen.operators')}</p>
  return (
    <div className="flex min-h-full flex-col">
      <Bar state={state} silent={heard.length === 0} enabled={source.enabled} onStart={start} onStop={stop} />
      {shown ? (
        <>
          <HeardList heard={heard} shown={shown.id} onChoose={setChosen} />
          {/* Whoever works on a request keeps it before the eyes, whatever comes after it. */}
          <div onFocusCapture={() => setChosen(shown.id)}>
            <HeardRequest key={shown.id} source={source} heard={shown} />
          </div>
        </>
      ) : (
        <HowToCall source={source} />
      )}
    </div>
  )
}

interface BarProps {
  state: ListenState | 'idle'
  /** Whether nothing has come yet. */
  silent: boolean
  enabled: boolean
  onStart: () => void
  onStop: () => void
}

/** How listening stands, and the button that begins or ends it. */
function Bar({ state, silent, enabled, onStart, onStop }: BarProps) {
  const { t } = useTranslation()
  const isOn = state === 'connecting' || state === 'listening' || state === 'broken'
  if (state === 'idle' && silent) return <Lesson enabled={enabled} onStart={onStart} />
  return (
    <div className="sticky top-0 z-10 flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2.5">
      <p role="status" className="flex min-w-0 flex-1 items-center gap-2 text-prose">
        <MarkIcon mark={isOn ? 'running' : 'pending'} size={16} />
        {enabled || !isOn ? t(`listen.states.${state}`) : t('sources.waitingOff')}
      </p>
      {isOn ? (
        <Button onClick={onStop}>
          <Square size={12} aria-hidden="true" />
          {t('listen.stop')}
        </Button>
      ) : (
        <Button look="primary" onClick={onStart}>
          <Radio size={14} aria-hidden="true" />
          {t(state === 'failed' ? 'listen.again' : 'listen.start')}
        </Button>
      )}
    </div>
  )
}

/** Before anything was heard: what listening is good for. */
function Lesson({ enabled, onStart }: { enabled: boolean; onStart: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="max-w-2xl px-4 pt-6 pb-2">
      <h2 className="text-title font-semibold">{t('listen.title')}</h2>
      <p className="mt-2 text-prose text-ink-2">{t('listen.text')}</p>
      {!enabled && <p className="mt-2 text-ink-2">{t('sources.waitingOff')}</p>}
      <Button look="primary" onClick={onStart} className="mt-4 h-8!">
        <Radio size={14} aria-hidden="true" />
        {t('listen.start')}
      </Button>
    </div>
  )
}

/** The address, and a call to copy. */
function HowToCall({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('sources.call')} className="max-w-4xl space-y-3 p-4">
      <h3 className="text-small font-medium text-ink-2">{t('listen.callIt')}</h3>
      <div className="flex min-w-0">
        <Copyable text={addressOf(source.url, source.config as SourceConfig)} what="URL" />
      </div>
      <Recipe source={source} />
    </section>
  )
}
