import { Keyboard, Search } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '~/ui/IconButton'
import { EnvironmentSwitch } from './EnvironmentSwitch'
import { LiveIndicator } from './LiveIndicator'
import { Logo } from './Logo'
import { LanguageMenu, PersonMenu, ThemeMenu } from './SettingsMenus'

const isMac = navigator.platform.startsWith('Mac')

export function TopBar({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  const { t } = useTranslation()
  return (
    <header className="flex h-11 shrink-0 items-center gap-2 bg-canvas px-2 sm:pl-0">
      <span className="sm:hidden">
        <Logo />
      </span>
      <EnvironmentSwitch />
      <button
        type="button"
        onClick={onSearch}
        className="ml-1 flex h-7 max-w-80 min-w-0 flex-1 items-center gap-2 rounded-base border border-line bg-surface px-2 text-table text-ink-3 hover:border-line-strong"
      >
        <Search size={14} aria-hidden="true" className="shrink-0" />
        <span className="truncate">{t('palette.open')}</span>
        <kbd className="ml-auto shrink-0 font-mono text-micro max-md:hidden">{isMac ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      <div className="ml-auto flex items-center gap-0.5">
        <LiveIndicator />
        <span className="max-sm:hidden">
          <IconButton icon={Keyboard} label={t('keys.label')} keys="?" onClick={onHelp} />
        </span>
        <LanguageMenu />
        <ThemeMenu />
        <PersonMenu />
      </div>
    </header>
  )
}
