import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { answered, api, type Schemas } from '~/api/client'
import { Button } from '~/ui/Button'
import { Problem } from '~/ui/Problem'
import { Card } from './Card'
import { Field } from './Field'
import { takeToken } from './token'

/** Logs in with address and password, or by the link that brought one here. */
export function LoginPage() {
  const { t } = useTranslation()
  const enter = useEnter()
  const byPassword = useMutation({
    mutationFn: (login: Schemas['Login']) => answered(api.POST('/api/v1/session', { body: login })),
    onSuccess: enter,
  })
  const byLink = useMutation({
    mutationFn: (token: string) => answered(api.POST('/api/v1/session/link', { body: { token } })),
    onSuccess: enter,
  })
  useLink(byLink.mutate)

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    byPassword.mutate({ email: String(form.get('email')), password: String(form.get('password')) })
  }
  const error = byPassword.error ?? byLink.error
  return (
    <Card title={t('session.logIn')}>
      <form onSubmit={submit} className="space-y-4">
        <Field
          label={t('session.email')}
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
        />
        <Field
          label={t('session.password')}
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        {error && <Problem error={error} compact />}
        <Button
          type="submit"
          look="primary"
          busy={byPassword.isPending || byLink.isPending}
          className="h-9! w-full text-prose"
        >
          {t('session.logIn')}
        </Button>
      </form>
      <p className="mt-6 text-small text-ink-3">{t('session.fresh')}</p>
    </Card>
  )
}

/** A link's token is used once, even when the page is drawn twice. */
function useLink(use: (token: string) => void) {
  const used = useRef(false)
  useEffect(() => {
    if (used.current) return
    used.current = true
    const token = takeToken()
    if (token) use(token)
  }, [use])
}

/** Goes to where one wanted to go before logging in. */
function useEnter() {
  const router = useRouter()
  const client = useQueryClient()
  const { next } = useSearch({ from: '/login' })
  return async () => {
    client.clear()
    // Only a path of this console: a link from elsewhere must not lead away.
    if (next?.startsWith('/') && !next.startsWith('//')) router.history.push(next)
    else await router.navigate({ to: '/events' })
  }
}
