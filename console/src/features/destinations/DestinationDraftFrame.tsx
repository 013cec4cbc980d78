import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import type { DestinationDraft, DestinationView } from '~/api/destinations'
import { type DraftErrors, NO_DRAFT_ERRORS, stillWrong } from '../form/draft'
import { Leaving } from '../form/Leaving'
import type { DraftChange } from './frame'

interface Frame {
  draft: DestinationDraft
  /** Whether it differs from what is stored. */
  dirty: boolean
  errors: DraftErrors
  setErrors: (errors: DraftErrors) => void
  change: (how: DraftChange) => void
  discard: () => void
}

const FrameContext = createContext<Frame | undefined>(undefined)

/** What is changed of a destination and not saved yet: all sides of its page share it, and leaving the page asks. */
export function DestinationDraftFrame({ destination, children }: FrameProps) {
  const { name, config } = destination
  const [changed, setChanged] = useState<DestinationDraft>()
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  const stored = useMemo((): DestinationDraft => ({ name, config }), [name, config])
  const draft = changed ?? stored
  const dirty = changed !== undefined && JSON.stringify(changed) !== JSON.stringify(stored)
  const change = useCallback(
    (how: DraftChange) => {
      setErrors((open) => stillWrong(open, draft, how(draft)))
      setChanged((before) => how(before ?? stored))
    },
    [draft, stored],
  )
  const discard = useCallback(() => {
    setChanged(undefined)
    setErrors(NO_DRAFT_ERRORS)
  }, [])
  const frame = useMemo(
    (): Frame => ({ draft, dirty, errors, setErrors, change, discard }),
    [draft, dirty, errors, change, discard],
  )
  return (
    <FrameContext value={frame}>
      {children}
      <Leaving dirty={dirty} />
    </FrameContext>
  )
}

interface FrameProps {
  destination: DestinationView
  children: ReactNode
}

/** The draft of the destination whose page this is. */
export function useDestinationDraft(): Frame {
  const frame = useContext(FrameContext)
  if (!frame) throw new Error('There is no DestinationDraftFrame around this.')
  return frame
}
