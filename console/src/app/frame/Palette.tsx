import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import {
  CornerDownRight,
  Languages,
  Layers,
  LogOut,
  type LucideIcon,
  Moon,
  Skull,
  Sun,
  Workflow,
} from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { idKind } from '~/api/ids'
import { environments, flows } from '~/api/queries'
import { Dialog } from '~/ui/Dialog'
import { prefer } from '../preferences'
import { AREAS } from './areas'
import { environmentName, useChooseEnvironment } from './EnvironmentSwitch'
import { LANGUAGES, useLogOut, useSpeak } from './SettingsMenus'

/** Search and commands: places, flows, ids, settings. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [chosen, choose] = useState('')
  // The item for an id comes with the id, too late to be chosen by itself; it is then the only one.
  const id = idKind(text.trim()) && text.trim()
  const run = (action: () => unknown) => () => {
    onClose()
    void action()
  }
  return (
    <Dialog open onClose={onClose} label={t('palette.open')} className="mt-[12vh] w-[min(38rem,92vw)]">
      <Command label={t('palette.open')} loop value={id ?? chosen} onValueChange={choose}>
        <Command.Input
          value={text}
          onValueChange={setText}
          placeholder={t('palette.placeholder')}
          className="h-11 w-full border-b border-line bg-transparent px-4 text-prose outline-none placeholder:text-ink-3"
        />
        <Command.List className="thin-scroll max-h-[50vh] overflow-y-auto p-1.5">
          <Command.Empty className="px-3 py-6 text-center text-ink-3">{t('palette.nothing')}</Command.Empty>
          <ById text={text.trim()} run={run} />
          <Places run={run} />
          <Settings run={run} />
        </Command.List>
      </Command>
    </Dialog>
  )
}

interface PartProps {
  run: (action: () => unknown) => () => void
}

/** A pasted id leads to what it names. */
function ById({ text, run }: PartProps & { text: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const kind = idKind(text)
  if (kind !== 'event' && kind !== 'run' && kind !== 'delivery') return null
  const go = {
    event: () => navigate({ to: '/events/$event', params: { event: text } }),
    run: () => navigate({ to: '/runs/$run', params: { run: text } }),
    delivery: () => navigate({ to: '/deliveries/$delivery', params: { delivery: text } }),
  }[kind]
  return (
    <Item icon={CornerDownRight} value={text} onSelect={run(go)}>
      {t(`palette.goTo.${kind}`)} <code className="font-mono text-small text-ink-3">{text}</code>
    </Item>
  )
}

function Places({ run }: PartProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const known = useQuery(flows()).data ?? []
  return (
    <>
      <Group name={t('palette.places')}>
        {AREAS.map((area) => (
          <Item
            key={area.name}
            icon={area.icon}
            value={`${area.name} ${t(`areas.${area.name}`)}`}
            onSelect={run(() => navigate({ to: area.to }))}
          >
            {t(`areas.${area.name}`)}
          </Item>
        ))}
        <Item
          icon={Skull}
          value={`dead letters ${t('deliveries.dead')}`}
          onSelect={run(() => navigate({ to: '/deliveries', search: { state: 'dead' } }))}
        >
          {t('deliveries.dead')}
        </Item>
      </Group>
      <Group name={t('areas.flows')}>
        {known.map(({ name }) => (
          <Item
            key={name}
            icon={Workflow}
            value={`flow ${name}`}
            onSelect={run(() => navigate({ to: '/flows/$name', params: { name } }))}
          >
            {name}
          </Item>
        ))}
      </Group>
    </>
  )
}

function Settings({ run }: PartProps) {
  const { t } = useTranslation()
  const choose = useChooseEnvironment()
  const speak = useSpeak()
  const logOut = useLogOut()
  const known = useQuery(environments()).data ?? []
  return (
    <Group name={t('palette.settings')}>
      {known.map(({ name }) => (
        <Item
          key={name}
          icon={Layers}
          value={`environment ${name} ${environmentName(t, name)}`}
          onSelect={run(() => choose(name))}
        >
          {t('palette.environment', { name: environmentName(t, name) })}
        </Item>
      ))}
      <Item
        icon={Sun}
        value={`theme light ${t('theme.light')}`}
        onSelect={run(() => prefer({ theme: 'light' }))}
      >
        {t('palette.theme', { name: t('theme.light') })}
      </Item>
      <Item
        icon={Moon}
        value={`theme dark ${t('theme.dark')}`}
        onSelect={run(() => prefer({ theme: 'dark' }))}
      >
        {t('palette.theme', { name: t('theme.dark') })}
      </Item>
      {LANGUAGES.map(({ value, label }) => (
        <Item key={value} icon={Languages} value={`language ${label}`} onSelect={run(() => speak(value))}>
          {label}
        </Item>
      ))}
      <Item icon={LogOut} value={`log out ${t('person.logOut')}`} onSelect={run(logOut)}>
        {t('person.logOut')}
      </Item>
    </Group>
  )
}

function Group({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <Command.Group
      heading={name}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-small [&_[cmdk-group-heading]]:text-ink-3"
    >
      {children}
    </Command.Group>
  )
}

interface ItemProps {
  icon: LucideIcon
  value: string
  onSelect: () => void
  children: React.ReactNode
}

function Item({ icon: Icon, value, onSelect, children }: ItemProps) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-8 items-center gap-2.5 rounded-small px-2.5 text-table data-[selected=true]:bg-selected"
    >
      <Icon size={15} strokeWidth={1.75} aria-hidden="true" className="text-ink-3" />
      <span className="truncate">{children}</span>
    </Command.Item>
  )
}
