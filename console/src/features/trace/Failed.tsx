import { MarkIcon } from '../thread/Shape'
import type { Failure } from './records'

/** Why something failed, and what to do. */
export function Failed({
  failure,
  onStep,
}: {
  failure: Failure
  onStep?: ((step: string) => void) | undefined
}) {
  const { step } = failure
  return (
    <div
      role="note"
      className="mx-4 my-2 flex gap-2 rounded-base border border-failed/40 bg-failed/8 px-3 py-2"
    >
      <span className="pt-[3px]">
        <MarkIcon mark="failed" />
      </span>
      <p className="min-w-0 break-words">
        {step && onStep && (
          <button
            type="button"
            className="mr-1.5 font-medium text-accent underline underline-offset-2"
            onClick={() => onStep(step)}
          >
            {step}
          </button>
        )}
        {failure.message} <code className="font-mono text-small text-ink-3">{failure.code}</code>
      </p>
    </div>
  )
}
