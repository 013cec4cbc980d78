import {
  Braces,
  CircleSlash,
  FileJson,
  Hash,
  List,
  type LucideIcon,
  Plus,
  SquareFunction,
  ToggleLeft,
  Type,
  Variable,
} from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { IconButton } from '~/ui/IconButton'
import { Menu, MenuItem, MenuRule } from '~/ui/Menu'
import type { Mode } from './model/mapping'
import { useModeWords } from './words'

const ICONS: Record<Mode, LucideIcon> = {
  variable: Variable,
  template: SquareFunction,
  text: Type,
  number: Hash,
  boolean: ToggleLeft,
  null: CircleSlash,
  object: Braces,
  list: List,
}

interface ModeMenuProps {
  /** Whose value it is. */
  name: string
  /** Undefined where nothing is set yet. */
  mode: Mode | undefined
  constants: readonly Mode[]
  /** Whether any JSON may be given. */
  json: boolean
  onChoose: (mode: Mode | 'json') => void
}

/** How a value is given, and the other ways to give it. What is chosen happens when the menu is gone. */
export function ModeMenu({ name, mode, constants, json, onChoose }: ModeMenuProps) {
  const { t } = useTranslation()
  const words = useModeWords()
  const chosen = useRef<Mode | 'json'>(undefined)
  const label = `${name}: ${mode ? words[mode] : t('message.notSet')}`
  const item = (one: Mode) => {
    const Icon = ICONS[one]
    return (
      <MenuItem key={one} onSelect={() => (chosen.current = one)}>
        <Icon size={14} aria-hidden="true" className="text-ink-3" />
        {words[one]}
        {one === 'variable' && (
          <span className="ml-auto pl-4 text-small text-ink-3">{t('message.search')}</span>
        )}
      </MenuItem>
    )
  }
  const trigger = mode ? (
    <IconButton icon={ICONS[mode]} label={label} className="size-8! border border-line-strong bg-raised" />
  ) : (
    <Button look="quiet" aria-label={label} className="-ml-2 text-ink-3!">
      <Plus size={13} aria-hidden="true" />
      {t('message.set')}
    </Button>
  )
  return (
    <Menu
      trigger={trigger}
      label={label}
      align="start"
      onClosed={(event) => {
        const choice = chosen.current
        chosen.current = undefined
        if (!choice) return
        event.preventDefault()
        onChoose(choice)
      }}
    >
      {item('variable')}
      {item('template')}
      <MenuRule />
      {constants.map(item)}
      {json && (
        <MenuItem onSelect={() => (chosen.current = 'json')}>
          <FileJson size={14} aria-hidden="true" className="text-ink-3" />
          {t('message.json')}
        </MenuItem>
      )}
    </Menu>
  )
}
