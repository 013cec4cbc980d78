import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Word } from '~/ui/form/words'

/**
 * How a form speaks of its fields: a label, and a help where the schema's own description does not do. Keys are paths
 * with `*` for names and indices and with the variants' names in them; `*.x` is for every `x` that has no words of its
 * own.
 */
export type FormWords = Record<string, [label: string, help?: string]>

/** Finds the words of a place. */
export type Lookup = (key: string) => Partial<Word> | undefined

/** Makes the hook for a form's words: nothing until they are loaded, which only the form's pages do. */
export function wordsHook(loaders: Record<string, () => Promise<{ default: FormWords }>>) {
  const loaded = new Map<string, Lookup>()
  return (): Lookup | undefined => {
    const { i18n } = useTranslation()
    const { language } = i18n
    const [, redraw] = useState(0)
    useEffect(() => {
      if (loaded.has(language)) return
      void loaders[language]?.().then(({ default: words }) => {
        loaded.set(language, lookupIn(words))
        redraw((times) => times + 1)
      })
    }, [language])
    return loaded.get(language)
  }
}

export function lookupIn(words: FormWords): Lookup {
  return (key) => {
    const [label, help] = words[key] ?? words[`*.${key.split('.').at(-1)}`] ?? []
    return label === undefined ? undefined : { label, help }
  }
}
