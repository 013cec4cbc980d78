import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

type Look = 'primary' | 'plain' | 'quiet'

/** How buttons look, for links that begin something. */
export const LOOKS: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong px-3 font-medium',
  plain: 'bg-raised text-ink border border-line-strong hover:bg-hover px-3',
  quiet: 'text-ink-2 hover:bg-hover hover:text-ink px-2',
}

export const BUTTON =
  'inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-base text-table whitespace-nowrap transition-colors duration-100 disabled:opacity-50'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look
  /** Something is under way: the button cannot be used, and says so. */
  busy?: boolean
  children: ReactNode
  ref?: Ref<HTMLButtonElement>
}

export function Button({ look = 'plain', busy = false, className = '', children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={busy || rest.disabled}
      aria-busy={busy || undefined}
      className={`${BUTTON} ${LOOKS[look]} ${className}`}
    >
      {children}
    </button>
  )
}
