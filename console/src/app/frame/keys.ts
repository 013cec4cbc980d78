import { useEffect, useRef } from 'react'

/** Whether somebody is writing: then letters are letters. */
function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

/** Whether a menu or a dialog is open, whose keys these are. */
function isElsewhere(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('dialog, [role=menu]') !== null
}

/** How long the second key of a pair may take. */
const PAIR_MS = 1_000

/** Keys that work on the whole page while nobody writes. A pair is written with a space: `g e`. */
export function useKeys(keys: Record<string, (() => void) | undefined>) {
  const current = useRef(keys)
  useEffect(() => {
    current.current = keys
  })
  useEffect(() => {
    let first = ''
    let since = 0
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (isWriting(event.target) || isElsewhere(event.target)) return
      const pair = Date.now() - since < PAIR_MS ? `${first} ${event.key}` : ''
      first = event.key
      since = Date.now()
      const action = current.current[pair] ?? current.current[event.key]
      if (!action) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}
