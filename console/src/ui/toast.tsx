import { X } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '~/api/problem'
import { Button } from './Button'
import { IconButton } from './IconButton'

/** How long a message stands. */
const STANDS_MS = 8_000

export interface Toast {
  text: string
  /** Whether it tells of a failure. */
  failed?: boolean
  /** What can be done about it, such as undoing it. */
  action?: { label: string; run: () => void }
}

let shown: (Toast & { key: number }) | undefined
let count = 0
const listeners = new Set<() => void>()

/** Tells the person something in passing; the newest message replaces the one before. */
export function tell(toast: Toast) {
  shown = { ...toast, key: ++count }
  for (const listener of listeners) listener()
}

/**
 * Tells what came of an action, even when what it was started from is no longer on the page by then.
 * `done` says what to tell, if anything.
 */
export async function report<T>(action: Promise<T>, done?: (result: T) => Toast | undefined) {
  try {
    const toast = done?.(await action)
    if (toast) tell(toast)
    else await action
  } catch (error) {
    tell({ text: asProblem(error).message, failed: true })
  }
}

function dismiss(key: number) {
  if (shown?.key !== key) return
  shown = undefined
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

export function Toasts() {
  const { t } = useTranslation()
  const toast = useSyncExternalStore(subscribe, () => shown)
  useEffect(() => {
    if (!toast) return
    const timer = setTimeout(() => dismiss(toast.key), STANDS_MS)
    return () => clearTimeout(timer)
  }, [toast])
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex justify-center px-4"
    >
      {toast && (
        <div
          key={toast.key}
          className={`appear pointer-events-auto flex max-w-xl items-center gap-3 rounded-base border bg-raised py-1.5 pr-1.5 pl-3 text-table shadow-raised ${toast.failed ? 'border-failed' : 'border-line-strong'}`}
        >
          <span className="min-w-0 break-words">{toast.text}</span>
          {toast.action && (
            <Button
              onClick={() => {
                toast.action?.run()
                dismiss(toast.key)
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <IconButton icon={X} label={t('dismiss')} onClick={() => dismiss(toast.key)} />
        </div>
      )}
    </div>
  )
}
