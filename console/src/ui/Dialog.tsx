import { type ReactNode, useEffect, useRef } from 'react'

/**
 * A dialog over the page. The browser's own `<dialog>` keeps the focus inside, makes the rest inert and
 * closes on Esc, all without a script of ours.
 */
export function Dialog({ open, onClose, label, className = '', children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (open && element && !element.open) {
      element.showModal()
      // What one writes into comes first, not what happens to stand first.
      element.querySelector('input')?.focus()
    }
    if (!open && element?.open) element.close()
  }, [open])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the click on what is behind has Esc as its key
    <dialog
      ref={dialog}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className={`appear m-auto rounded-base border border-line-strong bg-raised p-0 text-ink shadow-raised outline-none ${className}`}
    >
      {open && children}
    </dialog>
  )
}

interface DialogProps {
  open: boolean
  onClose: () => void
  label: string
  className?: string
  children: ReactNode
}
