import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import type { FlowDetail } from '~/api/queries'
import { rehearsal, type Variable, variables as variablesQuery } from '~/api/rehearsals'
import { useEnvironment } from '~/app/environment'
import { useMayEdit } from '~/app/roles'
import { Leaving } from '../../form/Leaving'
import { Form } from './Form'
import { MessageContext, type MessageFrame } from './frame'
import { Head } from './Head'
import type { Change } from './model/draft'
import { byField, problemsOf } from './model/problems'
import { readStep, stepPath } from './model/step'
import { OtherDraft } from './OtherDraft'
import { Preview } from './Preview'
import { useData } from './useData'
import { useDraftText } from './useDraftText'
import { useSettled } from './useSettled'
import { VariablePicker } from './VariablePicker'

/** How long a text rests before it is previewed, in milliseconds. */
const REST_MS = 250

interface MessageViewProps {
  flow: FlowDetail
  node: string
  /** What stands here when the text has no such step. */
  missing: ReactNode
}

/** A step's message: its fields at the left, what would be sent at the right. */
export function MessageView({ flow, node, missing }: MessageViewProps) {
  const draft = useDraftText(flow)
  const step = useMemo(() => readStep(draft.text, node), [draft.text, node])
  const environment = useEnvironment()
  const { name } = useParams({ from: '/frame/flows/$name/nodes/$node/message' })
  const data = useData(name)
  const mayEdit = useMayEdit()
  const [take, setTake] = useState<(path: string) => void>()
  const place = useMemo(() => ({ flow: name, node, environment }), [name, node, environment])
  const asked = { definition: useSettled(draft.text, REST_MS, take !== undefined), run: data.run }
  const ready = data.ready && step !== undefined
  const preview = useQuery({ ...rehearsal(place, asked), enabled: ready })
  const variables = useVariables({ ...variablesQuery(place, asked), enabled: ready })
  const { change, undoable } = draft
  const frame = useMemo(
    (): MessageFrame => ({
      step: place,
      change: (...changes) => change(...changes.map((one) => within(node, one))),
      takeOut: (one) => undoable(within(node, one)),
      said: preview.data?.message,
      problems: byField(problemsOf(preview.data?.problems ?? [], node)),
      variables,
      pick: (then) => setTake(() => then),
      mayEdit,
    }),
    [place, change, undoable, node, preview.data, variables, mayEdit],
  )
  if (!step) return missing
  return (
    <MessageContext value={frame}>
      <article aria-label={node} className="flex h-full flex-col">
        <Head flow={flow} node={node} draft={draft} />
        {draft.other && <OtherDraft other={draft.other} node={node} />}
        <div className="flex min-h-0 flex-1 max-lg:flex-col max-lg:overflow-y-auto">
          <div className="thin-scroll @container min-w-0 flex-1 lg:overflow-y-auto">
            <Form step={step} />
          </div>
          <aside className="thin-scroll @container w-[44%] shrink-0 border-line bg-surface max-lg:w-full max-lg:border-t lg:overflow-y-auto lg:border-l">
            <Preview place={place} asked={asked} query={preview} data={data} destination={step.destination} />
          </aside>
        </div>
      </article>
      {take && (
        <VariablePicker
          variables={frame.variables}
          onClose={() => setTake(undefined)}
          onChoose={(path) => {
            setTake(undefined)
            take(path)
          }}
        />
      )}
      <Leaving dirty={draft.dirty} />
    </MessageContext>
  )
}

/** What can be named; while a text is half written and cannot be read, what could be named before. */
function useVariables(options: ReturnType<typeof variablesQuery> & { enabled: boolean }): Variable[] {
  const { data } = useQuery(options)
  const [known, setKnown] = useState<Variable[]>([])
  if (data && data !== known) setKnown(data)
  return known
}

/** A change of a step as one of its flow. */
const within = (node: string, change: Change): Change => ({
  ...change,
  path: [...stepPath(node), ...change.path],
})
