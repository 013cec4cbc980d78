import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Word } from '~/ui/form/words'

type Words = Record<string, [label: string, help?: string]>
type Lookup = (key: string) => Partial<Word> | undefined

const LOADERS: Record<string, () => Promise<{ default: Words }>> = {
  en: () => import('./en'),
  zh: () => import('./zh'),
}

const loaded = new Map<string, Lookup>()

/** The words of a source's form; nothing until they are loaded, which only its pages do. */
export function useSourceWords(): Lookup | undefined {
  const { i18n } = useTranslation()
  const { language } = i18n
  const [, redraw] = useState(0)
  useEffect(() => {
    if (loaded.has(language)) return
    void LOADERS[language]?.().then(({ default: words }) => {
      loaded.set(language, lookupIn(words))
      redraw((times) => times + 1)
    })
  }, [language])
  return loaded.get(language)
}

export function lookupIn(words: Words): Lookup {
  return (key) => {
    const [label, help] = words[key] ?? words[`*.${key.split('.').at(-1)}`] ?? []
    return label === undefined ? undefined : { label, help }
  }
}
