import { wordsHook } from '../formWords'

/** The words of a destination's form, and where each kind's address is found. */
export const useDestinationWords = wordsHook({
  en: () => import('./en'),
  zh: () => import('./zh'),
})
