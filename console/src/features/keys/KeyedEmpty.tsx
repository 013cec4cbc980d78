import { useMutation, useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { answered, api } from '~/api/client'
import { me } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { report } from '~/ui/toast'

/** What stands for a key in an example until there is one. */
const PLACEHOLDER = 'API_KEY'

/** After so many days a key made for trying things out ends by itself. */
const DAYS = 30

interface KeyedEmptyProps {
  title: string
  children: ReactNode
  /** The call to copy, with this key. */
  example: (key: string) => string
}

/** An empty page whose example calls the API: one button puts a key into it. */
export function KeyedEmpty({ title, children, example }: KeyedEmptyProps) {
  const { t } = useTranslation()
  const role = useQuery(me()).data?.role
  const make = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/api/v1/api-keys', {
          body: { name: t('keysFor.name'), role: 'editor', expires_in_days: DAYS },
        }),
      ),
  })
  const key = make.data?.key
  const mayMake = role === 'owner' || role === 'admin'
  return (
    <Empty
      title={title}
      example={example(key ?? PLACEHOLDER)}
      exampleName="curl"
      action={
        key ? (
          <p className="text-ink-2">{t('keysFor.made', { count: DAYS })}</p>
        ) : (
          mayMake && (
            <Button busy={make.isPending} onClick={() => void report(make.mutateAsync())}>
              <KeyRound size={14} aria-hidden="true" />
              {t('keysFor.make')}
            </Button>
          )
        )
      }
    >
      {children}
    </Empty>
  )
}
