import { createContext, useContext } from 'react'
import type { FlowProblem, Step, Variable } from '~/api/rehearsals'
import { type Path, valueAt, written } from '~/ui/form/value'
import type { Change } from './model/draft'

/** What all fields of a message share. Paths begin at the step: `body`, `title`. */
export interface MessageFrame {
  step: Step
  change: (...changes: Change[]) => void
  /** A change that takes something out; gives the way back. */
  takeOut: (change: Change) => () => void
  /** What the step says with the data that is looked at; undefined while nothing can be said. */
  said: unknown
  problems: ReadonlyMap<string, readonly FlowProblem[]>
  variables: readonly Variable[]
  /** Lets a variable be chosen. */
  pick: (take: (path: string) => void) => void
  /** Whether the message may be changed. */
  mayEdit: boolean
}

/** What the fields of a kind's messages mean, in words of the console's own where there are some. */
export const HelpContext = createContext<(path: Path) => string | undefined>(() => undefined)

export const MessageContext = createContext<MessageFrame | undefined>(undefined)

export function useMessage(): MessageFrame {
  const frame = useContext(MessageContext)
  if (!frame) throw new Error('There is no message around this.')
  return frame
}

/** What belongs to one field: what is wrong in it, and what it comes to. */
export function usePlace(path: Path) {
  const { problems, said } = useMessage()
  return { wrong: problems.get(written(path)) ?? [], said: valueAt(said, path) }
}

/** The field that was just added: its name is to be written first. */
export const fresh = {
  place: '',
  added(path: Path) {
    fresh.place = written(path)
  },
  /** Whether it is this one; the question is answered with yes only once. */
  taken(place: string): boolean {
    const is = place === fresh.place
    if (is) fresh.place = ''
    return is
  },
}
