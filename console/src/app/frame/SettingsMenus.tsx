import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { CircleUser, Languages, Monitor, Moon, Sun } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { answered, api } from '~/api/client'
import { asProblem } from '~/api/problem'
import { me } from '~/api/queries'
import { IconButton } from '~/ui/IconButton'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuRule } from '~/ui/Menu'
import { tell } from '~/ui/toast'
import { speak } from '../i18n'
import { type Language, prefer, type Theme, usePreferences } from '../preferences'

const THEME_ICONS = { light: Sun, dark: Moon, system: Monitor }

export function ThemeMenu() {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const themes: Theme[] = ['light', 'dark', 'system']
  return (
    <Menu
      label={t('theme.label')}
      trigger={<IconButton icon={THEME_ICONS[theme]} label={t('theme.label')} />}
    >
      <MenuChoice
        value={theme}
        options={themes.map((value) => ({ value, label: t(`theme.${value}`) }))}
        onChoose={(chosen) => prefer({ theme: chosen })}
      />
    </Menu>
  )
}

/** Each language by its own name, so that one who reads no other finds it. */
export const LANGUAGES: { value: Language; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'zh', label: '中文' },
]

export function useSpeak() {
  return (language: Language) => {
    prefer({ language })
    void speak(language)
  }
}

export function LanguageMenu() {
  const { t } = useTranslation()
  const { language } = usePreferences()
  return (
    <Menu label={t('language')} trigger={<IconButton icon={Languages} label={t('language')} />}>
      <MenuChoice value={language} options={LANGUAGES} onChoose={useSpeak()} />
    </Menu>
  )
}

/** Ends the session and leads to the login page. */
export function useLogOut() {
  const client = useQueryClient()
  const router = useRouter()
  return async () => {
    try {
      await answered(api.DELETE('/api/v1/session'))
    } catch (error) {
      tell({ text: asProblem(error).message, failed: true })
      return
    }
    client.clear()
    await router.navigate({ to: '/login' })
  }
}

export function PersonMenu() {
  const { t } = useTranslation()
  const person = useQuery(me()).data
  const logOut = useLogOut()
  return (
    <Menu label={t('person.label')} trigger={<IconButton icon={CircleUser} label={t('person.label')} />}>
      <MenuLabel>
        <span className="block text-table text-ink">{person?.name}</span>
        {person && t(`person.roles.${person.role}`, { defaultValue: person.role })}
      </MenuLabel>
      <MenuRule />
      <MenuItem onSelect={() => void logOut()}>{t('person.logOut')}</MenuItem>
      <MenuRule />
      <MenuLabel>Linchpin {person?.version}</MenuLabel>
    </Menu>
  )
}
