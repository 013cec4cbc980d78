import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/ui/Problem'
import { Logo } from './frame/Logo'

/** A page that could not be shown. */
export function Broken({ error, reset }: ErrorComponentProps) {
  return <Problem error={error} retry={reset} />
}

export function NotFound() {
  const { t } = useTranslation()
  return (
    <main className="mx-auto max-w-2xl px-6 py-24">
      <Logo size={34} />
      <h1 className="mt-6 text-display font-semibold tracking-tight">{t('notFound.title')}</h1>
      <p className="mt-2 text-prose text-ink-2">{t('notFound.text')}</p>
      <Link to="/events" className="mt-5 inline-block text-prose text-accent underline underline-offset-2">
        {t('notFound.home')}
      </Link>
    </main>
  )
}
