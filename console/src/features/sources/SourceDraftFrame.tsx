import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import type { SourceDraft } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { useNames } from '~/app/environment'
import { type DraftErrors, NO_DRAFT_ERRORS, stillWrong } from '../form/draft'
import { Leaving } from '../form/Leaving'

/** How a draft is told to change: a scheme and its secrets change together. */
export type DraftChange = (draft: SourceDraft) => SourceDraft

interface Frame {
  draft: SourceDraft
  /** Whether it differs from what is stored: in its fields, or in anything else. */
  dirty: { fields: boolean; settings: boolean }
  errors: DraftErrors
  setErrors: (errors: DraftErrors) => void
  change: (how: DraftChange) => void
  discard: () => void
}

const FrameContext = createContext<Frame | undefined>(undefined)

/** What is changed of a source and not saved yet: all sides of its page share it, and leaving the page asks. */
export function SourceDraftFrame({ source, children }: { source: SourceView; children: ReactNode }) {
  const flow = useNames(source.environment).flow(source.flow) ?? ''
  const [changed, setChanged] = useState<SourceDraft>()
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  const stored = useMemo(() => storedOf(source, flow), [source, flow])
  const draft = changed ?? stored
  const dirty = differences(stored, draft)
  const frame: Frame = {
    draft,
    dirty,
    errors,
    setErrors,
    change: (how) => {
      setErrors((open) => stillWrong(open, draft, how(draft)))
      setChanged((before) => how(before ?? stored))
    },
    discard: () => {
      setChanged(undefined)
      setErrors(NO_DRAFT_ERRORS)
    },
  }
  return (
    <FrameContext value={frame}>
      {children}
      <Leaving dirty={dirty.fields || dirty.settings} />
    </FrameContext>
  )
}

/** The draft of the source whose page this is. */
export function useDraftFrame(): Frame {
  const frame = useContext(FrameContext)
  if (!frame) throw new Error('There is no SourceDraftFrame around this.')
  return frame
}

function storedOf({ name, enabled, config }: SourceView, flow: string): SourceDraft {
  return { name, flow, enabled, config: config as Record<string, unknown> }
}

function differences(stored: SourceDraft, draft: SourceDraft): Frame['dirty'] {
  const { fields: storedFields, ...storedRest } = stored.config
  const { fields, ...rest } = draft.config
  const settings = ({ name, flow, secrets }: SourceDraft, config: object) => [name, flow, secrets, config]
  return {
    fields: !same(storedFields, fields),
    settings: !same(settings(stored, storedRest), settings(draft, rest)),
  }
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
