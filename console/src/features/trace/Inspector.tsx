import { useTranslation } from 'react-i18next'
import type { RunTrace, Trace } from '~/api/queries'
import { headerPairs, type RequestRecord, requestBody } from '../payload/body'
import { Body, bodyText, Headers, InOut, Panel, ValuePanel } from '../payload/Panel'
import { type Alert, AlertPanel } from './AlertPanel'
import { AttemptInspector } from './AttemptInspector'
import { DeliveryHead } from './DeliveryHead'
import { Failed } from './Failed'
import type { Answer, Failure } from './records'
import type { Row } from './rows'
import { StepInspector } from './StepInspector'

interface InspectorProps {
  trace: Trace
  run: RunTrace | undefined
  row: Row
}

/** What went into the chosen station of the thread, and what came out of it. */
export function Inspector({ trace, run, row }: InspectorProps) {
  const { station } = row
  switch (station.kind) {
    case 'request':
      return <RequestInspector trace={trace} run={run} />
    case 'run':
      return run && <RunInspector run={run} />
    case 'answer':
      return run && <AnswerInspector answer={run.response as Answer} />
    case 'step':
      return (
        run && (
          <StepInspector key={`${run.id}/${station.step.id}`} trace={trace} run={run} step={station.step} />
        )
      )
    case 'delivery': {
      const last = station.delivery.attempts.at(-1)
      return (
        <>
          <DeliveryHead delivery={station.delivery} />
          {last && <AttemptInspector attempt={last} />}
        </>
      )
    }
    case 'attempt': {
      const attempt = station.delivery.attempts[station.place]
      return attempt && <AttemptInspector attempt={attempt} />
    }
  }
}

function RequestInspector({ trace, run }: { trace: Trace; run: RunTrace | undefined }) {
  const { t } = useTranslation()
  if (!trace.request) {
    const how = trace.alert ? t('trace.alert') : trace.tick ? t('trace.tick') : t('trace.in')
    return (
      <InOut>
        {trace.alert ? (
          <AlertPanel alert={trace.alert as unknown as Alert} />
        ) : trace.tick ? (
          <ValuePanel title={how} value={trace.tick} root="tick" none={t('trace.nothing')} />
        ) : (
          <Panel title={how}>
            <p className="text-ink-3">
              {trace.caller ? t('trace.calledBy', { name: trace.caller }) : t('trace.noRequest')}
            </p>
            {trace.files.length > 0 && (
              <Body
                body={{ parts: trace.files.map((file) => ({ file })), cut: false }}
                label={how}
                event={trace.id}
              />
            )}
          </Panel>
        )}
        <ValuePanel title={t('trace.fields')} value={run?.input} root="input" none={t('trace.nothing')} />
      </InOut>
    )
  }
  const request = trace.request as RequestRecord
  const body = requestBody(request)
  const line = [request.method, request.path && `/${request.path}`, request.query && `?${request.query}`]
  return (
    <InOut>
      <Panel
        title={t('trace.asItCame')}
        note={[line.filter(Boolean).join(' '), request.peer && t('trace.from', { peer: request.peer })]
          .filter(Boolean)
          .join(' · ')}
        copy={bodyText(body)}
      >
        <Body body={body} label={t('trace.asItCame')} event={trace.id} />
        <Headers headers={headerPairs(request)} />
      </Panel>
      <ValuePanel
        title={t('trace.fields')}
        note={t('trace.fieldsNote')}
        value={run?.input}
        root="input"
        none={trace.filtered ? t('trace.filtered') : t('trace.nothing')}
      />
    </InOut>
  )
}

function RunInspector({ run }: { run: RunTrace }) {
  const { t } = useTranslation()
  return (
    <>
      {run.error && <Failed failure={run.error as Failure} />}
      <InOut>
        <ValuePanel title={t('trace.input')} value={run.input} root="input" none={t('trace.nothing')} />
        <ValuePanel title={t('trace.outputs')} value={run.outputs} none={t('trace.noOutputs')} />
      </InOut>
    </>
  )
}

function AnswerInspector({ answer }: { answer: Answer }) {
  const { t } = useTranslation()
  return (
    <InOut>
      <Panel title={t('trace.status')}>
        <p className="tabular text-table">{answer.status}</p>
        <Headers headers={answer.headers ?? []} />
      </Panel>
      <ValuePanel title={t('trace.body')} value={answer.body} none={t('trace.noBody')} />
    </InOut>
  )
}
