import { useTranslation } from 'react-i18next'

/** A word of the API's, such as a status, in the person's language; unknown ones as they are. */
export function useWord(): (word: string) => string {
  const { t } = useTranslation()
  return (word) => t(`status.${word}` as 'status.queued', { defaultValue: word })
}
