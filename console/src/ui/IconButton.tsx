import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, Ref } from 'react'
import { Hint } from './Hint'

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon
  /** What it does: the name for those who cannot see the icon, and the hint for those who can. */
  label: string
  keys?: string
  ref?: Ref<HTMLButtonElement>
}

export function IconButton({ icon: Icon, label, keys, className = '', ...rest }: IconButtonProps) {
  return (
    <Hint text={label} {...(keys && { keys })}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={`inline-flex size-7 shrink-0 items-center justify-center rounded-base text-ink-2 transition-colors duration-100 hover:bg-hover hover:text-ink disabled:opacity-50 ${className}`}
      >
        <Icon size={15} strokeWidth={1.75} aria-hidden="true" />
      </button>
    </Hint>
  )
}
