import { wordsHook } from '../formWords'

/** The words of a source's form. */
export const useSourceWords = wordsHook({
  en: () => import('./en'),
  zh: () => import('./zh'),
})
