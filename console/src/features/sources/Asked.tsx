import { type ReactNode, useId } from 'react'
import type { FieldError } from '~/ui/form/errors'
import { type ControlProps, Wrong } from '~/ui/form/Frame'

/** A control that no schema describes: its label above it, a note and what is wrong below. */
export function Asked({ label, note, errors = NONE, required = false, children }: AskedProps) {
  const id = useId()
  const isWrong = errors.length > 0
  const described = [note && !isWrong && `${id}-note`, isWrong && `${id}-wrong`].filter(Boolean).join(' ')
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-small font-medium text-ink-2">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': isWrong || undefined,
        'aria-required': required || undefined,
      })}
      {note && !isWrong && (
        <p id={`${id}-note`} className="mt-1 text-small text-ink-3">
          {note}
        </p>
      )}
      <Wrong id={`${id}-wrong`} errors={errors} />
    </div>
  )
}

const NONE: readonly FieldError[] = []

interface AskedProps {
  label: string
  /** A word of help; what is wrong takes its place. */
  note?: string
  errors?: readonly FieldError[] | undefined
  required?: boolean
  children: (control: ControlProps) => ReactNode
}
