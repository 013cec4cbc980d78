/** On or off, at once. */
export function Switch({ on, label, busy = false, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={busy}
      onClick={() => onChange(!on)}
      className={`relative h-5 w-9 shrink-0 rounded-full border transition-colors duration-100 disabled:opacity-50 ${on ? 'border-accent bg-accent' : 'border-line-strong bg-hover'}`}
    >
      <span
        aria-hidden="true"
        className={`absolute top-0.5 left-0.5 size-3.5 rounded-full transition-transform duration-100 ${on ? 'translate-x-4 bg-on-accent' : 'bg-ink-3'}`}
      />
    </button>
  )
}

interface SwitchProps {
  on: boolean
  label: string
  busy?: boolean
  onChange: (on: boolean) => void
}
