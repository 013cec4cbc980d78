import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { flows, sources } from '~/api/queries'
import { matching, type ReplayVersion, useReplayEvents } from '~/api/replays'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { useWord } from '../thread/words'
import { Choice, type ChoiceProps } from './Choice'
import { asLocal, bounds, SPANS, type Span } from './span'
import { VersionChoice } from './VersionChoice'

const MINUTE_MS = 60_000

/** How an event's original run can stand that one would replay. */
const STANDINGS = ['succeeded', 'failed', 'cancelled', 'parked', 'waiting', 'filtered'] as const

interface ReplayFormProps {
  /** What the list is narrowed to. */
  source: string | undefined
  flow: string | undefined
  onCancel: () => void
  onStarted: (replay: string) => void
}

/** Which events run again and on what; says how many they are before anything begins. */
export function ReplayForm({ source, flow, onCancel, onStarted }: ReplayFormProps) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const which = useWhich(source, flow)
  const [version, setVersion] = useState<ReplayVersion>('ran')
  const start = useReplayEvents(environment)
  const count = useQuery({
    ...matching(environment, which.filter ?? { from: '' }),
    enabled: which.filter !== undefined,
  })
  const hasOneFlow = Boolean(which.values.source || which.values.flow)
  const chosen = version === 'draft' && !hasOneFlow ? 'ran' : version
  const settled = which.filter && !count.isPlaceholderData ? count.data : undefined
  const submit = async () => {
    if (!which.filter) return
    const { job_id } = await start.mutateAsync({ filter: which.filter, version: chosen })
    if (job_id) return onStarted(job_id)
    tell({ text: t('replays.nothingLeft') })
  }
  return (
    <form
      className="@container space-y-4 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        // What goes wrong is shown below.
        void submit().catch(() => undefined)
      }}
    >
      <h2 className="text-title font-semibold">{t('replays.newTitle')}</h2>
      <WhichEvents which={which} />
      <Count count={settled} error={which.filter && count.error} />
      <VersionChoice value={chosen} draftable={hasOneFlow} onChoose={setVersion} />
      {start.error && <Problem error={start.error} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{t('cancel')}</Button>
        <Button type="submit" look="primary" disabled={!settled} busy={start.isPending}>
          {settled ? t('replays.start', { count: settled }) : t('trace.replay')}
        </Button>
      </div>
    </form>
  )
}

/** What is chosen in the form, and the filter that it comes to. */
function useWhich(source: string | undefined, flow: string | undefined) {
  const [now] = useState(() => Date.now())
  const [values, setValues] = useState({
    source: source ?? '',
    flow: flow ?? '',
    status: '',
    span: 'day' as Span,
    from: asLocal(now - SPANS.day),
    // To the end of this minute.
    to: asLocal(now + MINUTE_MS),
  })
  const span = bounds(values.span, now, values)
  const filter = span && {
    ...span,
    ...(values.source && { source: values.source }),
    ...(values.flow && { flow: values.flow }),
    ...(values.status && { status: values.status }),
  }
  return {
    values,
    filter,
    change: (changed: Partial<typeof values>) => setValues((before) => ({ ...before, ...changed })),
  }
}

function WhichEvents({ which: { values, change } }: { which: ReturnType<typeof useWhich> }) {
  const { t } = useTranslation()
  const word = useWord()
  const environment = useEnvironment()
  const knownSources = useQuery(sources(environment)).data ?? []
  const knownFlows = useQuery(flows()).data ?? []
  const any = { value: '', label: t('replays.any') }
  const spans: ChoiceProps['options'] = [
    { value: 'hour', label: t('replays.spans.hour') },
    { value: 'day', label: t('replays.spans.day') },
    { value: 'week', label: t('replays.spans.week') },
    { value: 'month', label: t('replays.spans.month') },
    { value: 'custom', label: t('replays.spans.custom') },
  ]
  return (
    <div className="grid grid-cols-2 gap-x-4 gap-y-3">
      <Choice
        label={t('thread.source')}
        value={values.source}
        options={[any, ...knownSources.map(({ id, name }) => ({ value: id, label: name }))]}
        onChoose={(source) => change({ source })}
      />
      <Choice
        label={t('thread.flow')}
        value={values.flow}
        options={[any, ...knownFlows.map(({ name }) => ({ value: name, label: name }))]}
        onChoose={(flow) => change({ flow })}
      />
      <Choice
        label={t('replays.stood')}
        value={values.status}
        options={[any, ...STANDINGS.map((value) => ({ value, label: word(value) }))]}
        onChoose={(status) => change({ status })}
      />
      <Choice
        label={t('replays.came')}
        value={values.span}
        options={spans}
        onChoose={(span) => change({ span: span as Span })}
      />
      {values.span === 'custom' && (
        <>
          <Moment label={t('replays.from')} value={values.from} onChange={(from) => change({ from })} />
          <Moment label={t('replays.to')} value={values.to} onChange={(to) => change({ to })} />
        </>
      )}
    </div>
  )
}

function Moment({ label, value, onChange }: MomentProps) {
  const id = useId()
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="block text-small font-medium text-ink-2">
        {label}
      </label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${CONTROL} tabular mt-1`}
      />
    </div>
  )
}

interface MomentProps {
  label: string
  value: string
  onChange: (value: string) => void
}

/** How many events they are. */
function Count({ count, error }: { count: number | undefined; error: unknown }) {
  const { t } = useTranslation()
  if (error) return <Problem error={error} compact />
  return (
    <p role="status" className="tabular text-prose">
      {count === undefined ? (
        <span className="text-ink-3">{t('replays.counting')}</span>
      ) : count === 0 ? (
        t('replays.noneMatch')
      ) : (
        t('replays.matching', { count })
      )}
    </p>
  )
}
