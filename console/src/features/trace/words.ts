import { useTranslation } from 'react-i18next'
import { useWord } from '../thread/words'
import type { Row } from './rows'

/** What the rows of a waterfall are called. */
export function useRowWords() {
  const { t } = useTranslation()
  const word = useWord()
  return {
    title(row: Row): string {
      switch (row.station.kind) {
        case 'request':
          return t('trace.request')
        case 'run':
          return t('trace.run')
        case 'answer':
          return t('trace.answer')
        case 'attempt':
          return t('trace.attempt', { number: row.title })
        default:
          return row.title
      }
    },
    detail(row: Row): string {
      return row.detail && word(row.detail)
    },
    state(row: Row): string {
      return word(row.standing)
    },
  }
}
