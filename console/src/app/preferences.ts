import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark' | 'system'
export type Language = 'en' | 'zh'

/** What a person chose for this browser. */
export interface Preferences {
  theme: Theme
  language: Language
  /** Whether the rail shows its icons alone. */
  railFolded: boolean
  /** Whether the list beside a detail is hidden. */
  listFolded: boolean
}

const KEY = 'linchpin.preferences'

let current: Preferences = { ...defaults(), ...stored() }
const listeners = new Set<() => void>()

export function preferences(): Preferences {
  return current
}

export function prefer(changes: Partial<Preferences>) {
  current = { ...current, ...changes }
  try {
    localStorage.setItem(KEY, JSON.stringify(current))
  } catch {
    // A browser that stores nothing forgets the choice with the page.
  }
  apply()
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}

/** Puts the theme on the page; the language follows when its words are loaded. */
export function apply() {
  document.documentElement.style.colorScheme = current.theme === 'system' ? 'light dark' : current.theme
}

function defaults(): Preferences {
  const language = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
  return { theme: 'system', language, railFolded: false, listFolded: false }
}

function stored(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
  } catch {
    return {}
  }
}
