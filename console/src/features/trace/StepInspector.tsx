import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTokens } from '~/api/live/LiveProvider'
import { type RunTrace, type StepTrace, type Trace, version } from '~/api/queries'
import { useNames } from '~/app/environment'
import { duration } from '~/ui/duration'
import { Segments } from '~/ui/Segments'
import { InOut, Panel, ValuePanel } from '../payload/Panel'
import { useWord } from '../thread/words'
import { Failed } from './Failed'
import type { Failure } from './records'

interface StepInspectorProps {
  trace: Trace
  run: RunTrace
  step: StepTrace
}

/** A step's tries: what each worked on, and what it gave. */
export function StepInspector({ trace, run, step }: StepInspectorProps) {
  const { t, i18n } = useTranslation()
  const word = useWord()
  const [chosen, choose] = useState<string>()
  const tries = step.tries
  const shown = tries.find((one) => String(one.attempt) === chosen) ?? tries.at(-1)
  const facts = [
    word(step.state),
    step.waits?.reason === 'delivery' && t('trace.waitsForDelivery'),
    shown && duration(shown.took_us / 1_000, i18n.language),
    shown?.port && shown.port !== 'next' && t('trace.port', { port: shown.port }),
  ]
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3">
        <h2 className="font-medium">{step.id}</h2>
        <p className="text-small text-ink-2">{facts.filter(Boolean).join(' · ')}</p>
        {tries.length > 1 && (
          <Segments
            label={t('trace.tries')}
            value={String(shown?.attempt)}
            options={tries.map(({ attempt }) => ({
              value: String(attempt),
              label: t('trace.try', { number: attempt }),
            }))}
            onChoose={choose}
          />
        )}
      </div>
      {shown?.error && <Failed failure={shown.error as Failure} />}
      <InOut>
        <Input trace={trace} run={run} step={step} input={step.waits?.input ?? shown?.input} />
        <Output run={run} step={step} output={shown?.output} failed={shown?.error != null} />
      </InOut>
    </>
  )
}

/** What the step worked on; for kinds that record none, what the flow tells it to do. */
function Input({ trace, run, step, input }: StepInspectorProps & { input: unknown }) {
  const { t } = useTranslation()
  const flow = useNames(trace.environment).flow(trace.flow)
  const { data } = useQuery({
    ...version(flow ?? '', run.version),
    // A draft has no number to ask by.
    enabled: flow !== undefined && input == null && run.version > 0,
  })
  if (input != null) return <ValuePanel title={t('trace.input')} value={input} none="" />
  const config = data?.graph?.nodes.find((node) => node.id === step.id)?.config
  return (
    <ValuePanel
      title={t('trace.told')}
      note={step.tries.length > 0 && t('trace.toldNote')}
      value={config}
      none={run.version === 0 ? t('trace.draftPassed') : t('trace.nothing')}
    />
  )
}

function Output({
  run,
  step,
  output,
  failed,
}: {
  run: RunTrace
  step: StepTrace
  output: unknown
  failed: boolean
}) {
  const { t } = useTranslation()
  const tokens = useTokens(run.id, step.id)
  if (output == null && tokens) {
    return (
      <Panel title={t('trace.output')} note={t('trace.streaming')} copy={tokens}>
        <p
          aria-live="off"
          className="font-mono text-small leading-5 break-words whitespace-pre-wrap text-code-text"
        >
          {tokens}
        </p>
      </Panel>
    )
  }
  const none = step.state === 'skipped' ? t('trace.skipped') : failed ? t('trace.failed') : t('trace.notYet')
  return <ValuePanel title={t('trace.output')} value={output} root={`nodes.${step.id}`} none={none} />
}
