import { ArrowRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { isTemplate, keepsType, typeOf } from './model/mapping'
import { sample } from './model/sample'

interface OutcomeProps {
  value: unknown
  /** What the preview has in its place. */
  said: unknown
  /** Whether values keep their types here; elsewhere all become texts. */
  typed: boolean
}

/** What an expression comes to with the data that is looked at, and of which type. */
export function Outcome({ value, said, typed }: OutcomeProps) {
  const { t } = useTranslation()
  if (typeof value !== 'string' || !isTemplate(value)) return null
  const whole = typed && keepsType(value)
  return (
    <p className="mt-0.5 ml-9.5 flex h-4 min-w-0 items-center gap-1.5 text-small text-ink-3">
      <ArrowRight size={12} aria-hidden="true" className="shrink-0" />
      {said !== undefined && <span className="truncate font-mono text-ink-2">{sample(said) || '""'}</span>}
      <span className="shrink-0">
        {said === undefined
          ? whole
            ? t('message.keepsType')
            : t('message.becomesText')
          : whole
            ? t('message.keptType', { type: t(`message.types.${typeOf(said)}`) })
            : t('message.types.text')}
      </span>
    </p>
  )
}
