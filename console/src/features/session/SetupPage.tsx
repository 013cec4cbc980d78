import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answered, api, type Schemas } from '~/api/client'
import { Button } from '~/ui/Button'
import { Problem } from '~/ui/Problem'
import { Card } from './Card'
import { Field } from './Field'

/** The shortest password that the server takes. */
const PASSWORD = 12

/** Makes the first member of a fresh install, by the link that the server printed. */
export function SetupPage() {
  const { t } = useTranslation()
  const router = useRouter()
  const client = useQueryClient()
  // The token stays in the address until it is used: one who loads the page anew has only the address.
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token'))
  const setup = useMutation({
    mutationFn: (body: Schemas['Setup']) => answered(api.POST('/api/v1/setup', { body })),
    onSuccess: () => {
      client.clear()
      return router.navigate({ to: '/events', replace: true })
    },
  })
  if (!token) {
    return (
      <Card title={t('session.setup')}>
        <p className="text-prose text-ink-2">{t('session.noToken')}</p>
      </Card>
    )
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name))
    setup.mutate({ token, name: text('name'), email: text('email'), password: text('password') })
  }
  return (
    <Card title={t('session.setup')}>
      <p className="mb-5 text-prose text-ink-2">{t('session.setupText')}</p>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('session.name')} name="name" autoComplete="name" required autoFocus />
        <Field label={t('session.email')} name="email" type="email" autoComplete="username" required />
        <Field
          label={t('session.password')}
          note={t('session.passwordNote', { count: PASSWORD })}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={PASSWORD}
          required
        />
        {setup.error && <Problem error={setup.error} compact />}
        <Button type="submit" look="primary" busy={setup.isPending} className="h-9! w-full text-prose">
          {t('session.begin')}
        </Button>
      </form>
    </Card>
  )
}
