import { useState } from 'react'
import type { SourceView } from '~/api/queries'
import { useNames } from '~/app/environment'
import { type Draft, isOvertaken } from '../form/draft'

/** What a form in a dialog began with, and whether saving `mine` would undo what somebody else has saved since. */
export function useBegun(environment: string, source: SourceView | undefined, mine: Draft, busy: boolean) {
  const names = useNames(environment)
  const [base, setBase] = useState(source)
  const [back, setBack] = useState<() => void>()
  const draftOf = ({ name, flow, config }: SourceView): Draft => ({
    name,
    flow: names.flow(flow) ?? flow,
    config: config as Record<string, unknown>,
  })
  const theirs = source && draftOf(source)
  return {
    theirs: theirs && base && !busy && isOvertaken(draftOf(base), theirs, mine) ? theirs : undefined,
    /** From now on the form changes what is stored now; `back` brings again what was written before that. */
    rebase: (back?: () => void) => {
      setBase(source)
      setBack(() => back)
    },
    takeBack:
      back &&
      (() => {
        back()
        setBack(undefined)
      }),
  }
}
