import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Empty } from '~/ui/Empty'
import { Problem } from '~/ui/Problem'

/** A page that could not be shown. */
export function Broken({ error, reset }: ErrorComponentProps) {
  return <Problem error={error} retry={reset} />
}

export function NotFound() {
  const { t } = useTranslation()
  return (
    <Empty
      title={t('notFound.title')}
      action={
        <Link to="/events" className="text-accent underline underline-offset-2">
          {t('notFound.home')}
        </Link>
      }
    >
      {t('notFound.text')}
    </Empty>
  )
}
