import type { Failure } from './records'

/** Why a run failed, in a word: its trace says more. */
export function FailureBrief({ failure }: { failure: Failure | null | undefined }) {
  if (!failure) return null
  return (
    <span className="truncate text-ink-3">
      {failure.step && `${failure.step}: `}
      {failure.code ? <code className="font-mono text-small">{failure.code}</code> : failure.message}
    </span>
  )
}
