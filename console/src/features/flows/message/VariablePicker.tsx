import { Command } from 'cmdk'
import { useTranslation } from 'react-i18next'
import type { Variable } from '~/api/rehearsals'
import { Dialog } from '~/ui/Dialog'
import { typeOf } from './model/mapping'
import { sample } from './model/sample'

interface VariablePickerProps {
  variables: readonly Variable[]
  onChoose: (path: string) => void
  onClose: () => void
}

/** All that a step can name, found by name, meaning or value, each with its type and what it is in the data. */
export function VariablePicker({ variables, onChoose, onClose }: VariablePickerProps) {
  const { t } = useTranslation()
  return (
    <Dialog open onClose={onClose} label={t('message.pick')} className="mt-[10vh] w-[min(44rem,94vw)]">
      <Command label={t('message.pick')} loop>
        <Command.Input
          placeholder={t('message.pickPlaceholder')}
          className="h-11 w-full border-b border-line bg-transparent px-4 text-prose outline-none placeholder:text-ink-3"
        />
        <Command.List className="thin-scroll max-h-[56vh] overflow-y-auto p-1.5">
          <Command.Empty className="px-3 py-6 text-center text-ink-3">
            {variables.length === 0 ? t('message.noVariables') : t('palette.nothing')}
          </Command.Empty>
          {groupsOf(variables).map(([name, members]) => (
            <Command.Group
              key={name}
              heading={<GroupName name={name} />}
              className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-small [&_[cmdk-group-heading]]:text-ink-3"
            >
              {members.map((variable) => (
                <Item key={variable.path} variable={variable} onSelect={() => onChoose(variable.path)} />
              ))}
            </Command.Group>
          ))}
        </Command.List>
        <p className="border-t border-line px-4 py-2 text-small text-ink-3">{t('message.pickNote')}</p>
      </Command>
    </Dialog>
  )
}

function Item({ variable, onSelect }: { variable: Variable; onSelect: () => void }) {
  const { t } = useTranslation()
  const { path, declared, description, value } = variable
  const none = value === null || value === undefined
  const type = declared ?? (none ? '' : t(`message.types.${typeOf(value)}`))
  return (
    <Command.Item
      value={path}
      keywords={[description ?? '', none ? '' : sample(value)]}
      onSelect={onSelect}
      className="grid min-h-8 grid-cols-[minmax(0,5fr)_4.5rem_minmax(0,6fr)] items-baseline gap-x-3 rounded-small px-2.5 py-1 data-[selected=true]:bg-selected"
    >
      <span className="min-w-0">
        <span className="block truncate font-mono text-small text-code-key">{path}</span>
        {description && <span className="block truncate text-small text-ink-3">{description}</span>}
      </span>
      <span className="truncate text-small text-ink-3">{type}</span>
      <span className={`truncate text-small ${none ? 'text-ink-3' : 'font-mono text-ink-2'}`}>
        {none ? t('message.nothingThere') : sample(value)}
      </span>
    </Command.Item>
  )
}

function GroupName({ name }: { name: string }) {
  const { t } = useTranslation()
  if (name === 'ai_output') return t('message.groups.ai')
  if (name === 'input') return t('message.groups.input')
  if (name === 'env') return t('message.groups.env')
  if (name === 'run') return t('message.groups.run')
  return t('message.groups.step', { name: name.replace(/^nodes\./, '') })
}

/** The variables by where they come from, in their order: each step has a group of its own. */
function groupsOf(variables: readonly Variable[]): [string, Variable[]][] {
  const groups = new Map<string, Variable[]>()
  for (const variable of variables) {
    const name = originOf(variable.path)
    groups.set(name, [...(groups.get(name) ?? []), variable])
  }
  return [...groups]
}

function originOf(path: string): string {
  const [, root = '', plain, quoted] = /^(\w+)(?:\.(\w+)|\["([^"]+)"\])?/.exec(path) ?? []
  if (root === 'nodes') return `nodes.${plain ?? quoted ?? ''}`
  return root === 'event' ? 'run' : root
}
