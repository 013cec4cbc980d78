import { type ReactNode, useMemo } from 'react'
import type { SourceDraft } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { useNames } from '~/app/environment'
import { DraftFrame, useDraft } from '../form/DraftFrame'

/** What is changed of a source and not saved yet. */
export function SourceDraftFrame({ source, children }: { source: SourceView; children: ReactNode }) {
  const flow = useNames(source.environment).flow(source.flow) ?? ''
  const stored = useMemo(() => storedOf(source, flow), [source, flow])
  return <DraftFrame stored={stored}>{children}</DraftFrame>
}

/** The draft of the source whose page this is, and whether it differs in its fields, or in anything else. */
export function useSourceFrame() {
  const frame = useDraft<SourceDraft>()
  return { ...frame, dirty: differing(frame.stored, frame.draft) }
}

function storedOf({ name, enabled, config }: SourceView, flow: string): SourceDraft {
  return { name, flow, enabled, config: config as Record<string, unknown> }
}

function differing(stored: SourceDraft, draft: SourceDraft) {
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
