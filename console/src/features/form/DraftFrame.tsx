import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { type Draft, type DraftErrors, isOvertaken, NO_DRAFT_ERRORS, sameDraft, stillWrong } from './draft'
import { Leaving } from './Leaving'

/** How a draft is told to change: what belongs together changes together. */
export type Change<D extends Draft> = (draft: D) => D

interface Frame<D extends Draft> {
  draft: D
  stored: D
  /** Whether it differs from what is stored. */
  dirty: boolean
  /** Whether somebody else has saved since this was begun what saving this would undo. */
  overtaken: boolean
  errors: DraftErrors
  setErrors: (errors: DraftErrors) => void
  change: (how: Change<D>) => void
  discard: () => void
  /** Shows what somebody else has saved. */
  takeTheirs: () => void
  /** Brings again what was written before `takeTheirs`. */
  takeBack: (() => void) | undefined
  /** From now on this changes what is stored now. */
  takeMine: () => void
}

const FrameContext = createContext<unknown>(undefined)

interface FrameProps<D extends Draft> {
  stored: D
  children: ReactNode
}

/** What is changed of a record and not saved yet: all sides of its page share it, and leaving the page asks. */
export function DraftFrame<D extends Draft>({ stored, children }: FrameProps<D>) {
  const [changed, setChanged] = useState<{ draft: D; base: D }>()
  const [putAside, setPutAside] = useState<D>()
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  const draft = changed?.draft ?? stored
  const dirty = changed !== undefined && !sameDraft(draft, stored)
  const overtaken = dirty && isOvertaken(changed.base, stored, draft)
  const change = useCallback(
    (how: Change<D>) => {
      setErrors((open) => stillWrong(open, draft, how(draft)))
      setChanged((before) => ({ draft: how(before?.draft ?? stored), base: before?.base ?? stored }))
    },
    [draft, stored],
  )
  const discard = useCallback(() => {
    setChanged(undefined)
    setPutAside(undefined)
    setErrors(NO_DRAFT_ERRORS)
  }, [])
  const takeMine = useCallback(() => setChanged((before) => before && { ...before, base: stored }), [stored])
  const takeTheirs = useCallback(() => {
    discard()
    setPutAside(draft)
  }, [draft, discard])
  const takeBack = useMemo(
    () =>
      putAside &&
      (() => {
        setChanged({ draft: putAside, base: stored })
        setPutAside(undefined)
      }),
    [putAside, stored],
  )
  const frame = useMemo(
    (): Frame<D> => ({
      draft,
      stored,
      dirty,
      overtaken,
      // That it is stale is said in full by what asks which is to stand.
      errors: overtaken ? { ...errors, whole: undefined } : errors,
      setErrors,
      change,
      discard,
      takeTheirs,
      takeBack,
      takeMine,
    }),
    [draft, stored, dirty, overtaken, errors, change, discard, takeTheirs, takeBack, takeMine],
  )
  return (
    <FrameContext value={frame}>
      {children}
      <Leaving dirty={dirty} />
    </FrameContext>
  )
}

/** The draft of the record whose page this is; its kind is the one that the page's frame was given. */
export function useDraft<D extends Draft>(): Frame<D> {
  const frame = useContext(FrameContext)
  if (!frame) throw new Error('There is no DraftFrame around this.')
  return frame as Frame<D>
}
