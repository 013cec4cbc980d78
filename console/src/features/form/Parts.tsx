import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import type { FieldError } from '~/ui/form/errors'
import { Wrong } from '~/ui/form/Frame'

/** A part of a form under a heading of its own. */
export function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="space-y-4 border-t border-line pt-5">
      {children}
    </section>
  )
}

/** What few need; once it is open because something in it is wrong, it stays so. */
export function More({ title, note, wrong, children }: MoreProps) {
  const [open, setOpen] = useState(false)
  return (
    <details
      open={open || wrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group/more border-t border-line pt-4"
    >
      <summary className="flex w-fit items-center gap-1.5 rounded-small py-0.5 pr-2 text-small font-medium text-ink-2 hover:text-ink">
        <ChevronRight
          size={14}
          aria-hidden="true"
          className="text-ink-3 transition-transform duration-100 group-open/more:rotate-90"
        />
        {title}
        <span className="font-normal text-ink-3">{note}</span>
      </summary>
      <div className="mt-4">{children}</div>
    </details>
  )
}

interface MoreProps {
  title: string
  /** What is in it, in a few words. */
  note: string
  wrong: boolean
  children: ReactNode
}

/** A control that no schema asks for, with its label and what is wrong. */
export function Labelled({ label, errors, help, children }: LabelledProps) {
  const id = useId()
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-small font-medium text-ink-2">
        {label}
      </label>
      {children(id)}
      {help && <p className="mt-1 text-small text-ink-3">{help}</p>}
      <Wrong errors={errors} />
    </div>
  )
}

interface LabelledProps {
  label: string
  errors: readonly FieldError[]
  help?: string
  children: (id: string) => ReactNode
}
