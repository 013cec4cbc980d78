import { useTranslation } from 'react-i18next'
import type { Mode } from './model/mapping'

/** The ways to give a value, in words. */
export function useModeWords(): Record<Mode, string> {
  const { t } = useTranslation()
  return {
    variable: t('message.modes.variable'),
    template: t('message.modes.template'),
    text: t('message.modes.text'),
    number: t('message.modes.number'),
    boolean: t('message.modes.boolean'),
    null: t('message.modes.null'),
    object: t('message.modes.object'),
    list: t('message.modes.list'),
  }
}
