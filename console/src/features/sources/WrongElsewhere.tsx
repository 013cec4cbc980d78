import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { countOf, type DraftErrors } from '../form/draft'

/** The errors that a side of a source's page shows, and those that its other side has to show. */
export function errorsBySide(errors: DraftErrors): { fields: DraftErrors; settings: DraftErrors } {
  const isOfFields = ({ field }: { field: string }) => /^fields(\.|$)/.test(field)
  return {
    fields: { name: [], flow: [], secrets: [], config: errors.config.filter(isOfFields) },
    settings: { ...errors, config: errors.config.filter((error) => !isOfFields(error)) },
  }
}

/** Says that something which keeps the source from being saved stands on the other side, and leads there. */
export function WrongElsewhere({ side, errors }: { side: 'fields' | 'settings'; errors: DraftErrors }) {
  const { t } = useTranslation()
  const count = countOf(errors)
  if (count === 0) return null
  return (
    <p role="alert" className="text-small text-failed">
      {t(side === 'fields' ? 'sources.wrongFields' : 'sources.wrongSettings', { count })}{' '}
      <Link
        from="/sources/$source"
        search={(before) => ({ ...before, tab: side })}
        className="rounded-small underline underline-offset-2"
      >
        {t('sources.goThere')}
      </Link>
    </p>
  )
}
