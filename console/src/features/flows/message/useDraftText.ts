import { useCallback, useState } from 'react'
import { ApiProblem } from '~/api/problem'
import type { FlowDetail } from '~/api/queries'
import { useReviseDraft } from '~/api/rehearsals'
import { type Change, changedBy } from './model/draft'
import { merged, partsChanged } from './model/merge'

interface Edited {
  text: string
  /** What it was changed from. */
  base: { text: string; revision: number }
}

/** What somebody else saved since this text was begun. */
export interface Other {
  revision: number
  at: string
  /** The steps and other parts that they changed. */
  parts: string[]
  /** Saves both changes: theirs with this side's in them. */
  join: () => void
  /** Gives up this side's text; gives the way back. */
  take: () => () => void
  /** Saves this side's text as it is. */
  overwrite: () => Promise<SavedDraft>
}

export type SavedDraft = Awaited<ReturnType<ReturnType<typeof useReviseDraft>['mutateAsync']>>

/** A flow's draft while it is written: what was typed stays until it is saved or given up. */
export function useDraftText(flow: FlowDetail) {
  const [edited, setEdited] = useState<Edited>()
  const revise = useReviseDraft(flow.name)
  const stored = { text: flow.draft, revision: flow.revision }
  const dirty = edited !== undefined && edited.text !== edited.base.text
  // What was saved is known before it has been read again.
  const newest = edited && edited.base.revision > stored.revision ? edited.base : stored
  const current = dirty ? edited : { text: newest.text, base: newest }

  const change = useCallback(
    (...changes: Change[]) =>
      setEdited((before) => {
        const from =
          before && (before.text !== before.base.text || before.base.revision > flow.revision)
            ? before
            : { text: flow.draft, base: { text: flow.draft, revision: flow.revision } }
        return { ...from, text: changedBy(from.text, changes) }
      }),
    [flow.draft, flow.revision],
  )

  const store = async (text: string, revision: number | undefined) => {
    const saved = await revise.mutateAsync({ definition: text, ...(revision !== undefined && { revision }) })
    const base = { text, revision: saved.revision }
    setEdited((before) => ({ text: before?.text === current.text || !before ? text : before.text, base }))
    return saved
  }

  const isStale = dirty && stored.revision > current.base.revision && !revise.isPending
  const other: Other | undefined = isStale
    ? {
        revision: stored.revision,
        at: flow.updated_at,
        parts: partsChanged(current.base.text, stored.text),
        join: () => setEdited({ text: merged(current.base.text, current.text, stored.text), base: stored }),
        take: () => {
          const kept = current
          setEdited(undefined)
          return () => setEdited(kept)
        },
        overwrite: () => store(current.text, stored.revision),
      }
    : undefined

  return {
    text: current.text,
    dirty,
    change,
    /** Gives up what was typed; gives the way back. */
    discard: () => {
      const kept = edited
      setEdited(undefined)
      return () => setEdited(kept)
    },
    /** A change that can be taken back, though something else is changed after it. */
    undoable: (...changes: Change[]) => {
      const before = current
      const after = changedBy(before.text, changes)
      setEdited({ ...before, text: after })
      return () => setEdited((now) => now && { ...now, text: merged(after, now.text, before.text) })
    },
    save: () => store(current.text, current.base.revision),
    saving: revise.isPending,
    other,
  }
}

/** Whether saving failed because somebody else has saved meanwhile. */
export function isStale(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 409
}
