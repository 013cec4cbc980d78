import { ListFilter, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { IconButton } from '~/ui/IconButton'
import { Menu, MenuChoice } from '~/ui/Menu'

/** Narrows a list to one value; shows the value while it does. */
export function Filter<Value extends string>({ label, value, options, onChoose }: FilterProps<Value>) {
  const { t } = useTranslation()
  const chosen = options.find((option) => option.value === value)
  return (
    <span className="inline-flex items-center">
      <Menu
        label={label}
        trigger={
          <Button look={value ? 'plain' : 'quiet'} className="max-w-48">
            <ListFilter size={14} aria-hidden="true" className="shrink-0" />
            <span className="truncate">{value ? (chosen?.label ?? value) : label}</span>
          </Button>
        }
      >
        <MenuChoice<Value | ''>
          value={value ?? ''}
          options={options}
          onChoose={(chosen) => onChoose(chosen || undefined)}
        />
      </Menu>
      {value && (
        <IconButton icon={X} label={t('list.unfilter', { label })} onClick={() => onChoose(undefined)} />
      )}
    </span>
  )
}

interface FilterProps<Value extends string> {
  label: string
  value: Value | undefined
  options: { value: Value; label: string }[]
  onChoose: (value: Value | undefined) => void
}
