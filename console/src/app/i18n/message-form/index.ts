import { wordsHook } from '../formWords'

/** What the fields of a kind's messages mean; in English the schemas say it themselves. */
export const useMessageWords = wordsHook({
  zh: () => import('./zh'),
})
