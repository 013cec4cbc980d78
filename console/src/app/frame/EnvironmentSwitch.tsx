import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { ChevronDown } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { environments } from '~/api/queries'
import { Menu, MenuChoice, MenuLabel } from '~/ui/Menu'
import { DEFAULT_ENVIRONMENT, useEnvironment } from '../environment'

/** Which environment is shown. Production looks like nothing else. */
export function EnvironmentSwitch() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const choose = useChooseEnvironment()
  const known = useQuery(environments()).data ?? [{ id: environment, name: environment }]
  const production = environment === 'production'
  const look = production
    ? 'bg-production text-on-production font-semibold'
    : 'border border-line-strong bg-raised text-ink hover:bg-hover'
  return (
    <Menu
      label={t('environment.label')}
      align="start"
      trigger={
        <button
          type="button"
          className={`flex h-7 items-center gap-1.5 rounded-base px-2.5 text-small ${look}`}
        >
          <span className="sr-only">{t('environment.label')}: </span>
          {environmentName(t, environment)}
          <ChevronDown size={13} aria-hidden="true" />
        </button>
      }
    >
      <MenuLabel>{t('environment.label')}</MenuLabel>
      <MenuChoice
        value={environment}
        options={known.map(({ name }) => ({ value: name, label: environmentName(t, name) }))}
        onChoose={choose}
      />
    </Menu>
  )
}

/** Goes to the same area in another environment; what was open belongs to the old one. */
export function useChooseEnvironment() {
  const navigate = useNavigate()
  return (name: string) => {
    const area = location.pathname.split('/')[1]
    const to = area === 'flows' ? location.pathname : `/${area ?? 'events'}`
    void navigate({ to, search: { env: name === DEFAULT_ENVIRONMENT ? undefined : name } })
  }
}

/** The environments that every workspace has carry translated names. */
export function environmentName(t: TFunction, name: string): string {
  if (name === 'production') return t('environment.production')
  return name === 'test' ? t('environment.test') : name
}
