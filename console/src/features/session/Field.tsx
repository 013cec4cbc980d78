import { type InputHTMLAttributes, useId } from 'react'

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  /** What one must know to fill it in. */
  note?: string
}

export function Field({ label, note, ...rest }: FieldProps) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-small font-medium text-ink-2">
        {label}
      </label>
      <input
        id={id}
        aria-describedby={note ? `${id}-note` : undefined}
        {...rest}
        className="h-9 w-full rounded-base border border-line-strong bg-raised px-2.5 text-prose outline-offset-0 placeholder:text-ink-3"
      />
      {note && (
        <p id={`${id}-note`} className="mt-1 text-small text-ink-3">
          {note}
        </p>
      )}
    </div>
  )
}
