import { ArrowDown, ArrowUp, Ellipsis, Trash2 } from 'lucide-react'
import { type KeyboardEvent, useContext, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { Coded } from '~/ui/Coded'
import { Wrong } from '~/ui/form/Frame'
import type { Schema } from '~/ui/form/schema'
import { IconButton } from '~/ui/IconButton'
import { Menu, MenuItem } from '~/ui/Menu'
import { FieldList } from './FieldList'
import { FieldName } from './FieldName'
import { HelpContext, useMessage, usePlace } from './frame'
import { type Field, shapeIn } from './model/fields'
import { Outcome } from './Outcome'
import { ValueCell } from './ValueCell'

interface FieldRowProps {
  root: Schema | undefined
  field: Field
  /** The names beside it, which it cannot take. */
  taken: readonly string[]
  /** Exchanges it with the one before or after; undefined where there is none. */
  onMove: { up: (() => void) | undefined; down: (() => void) | undefined }
  onRemove: () => void
}

/** A field of a message: its name, its value and how that is given, what it comes to, what is wrong. */
export function FieldRow({ root, field, taken, onMove, onRemove }: FieldRowProps) {
  const { t } = useTranslation()
  const { change, mayEdit } = useMessage()
  const { path, key, value, schema, fixed } = field
  const { wrong, said } = usePlace(path)
  const id = useId()
  const shape = shapeIn(root, schema)
  const name = typeof key === 'number' ? t('message.item', { number: key + 1 }) : key
  const helpOf = useContext(HelpContext)
  const help = fixed && (helpOf(path) ?? shape?.schema.description)
  const described = [help && `${id}-help`, wrong.length > 0 && `${id}-wrong`].filter(Boolean).join(' ')
  const isNested = Array.isArray(value) || (typeof value === 'object' && value !== null)
  const onKeyDown = (event: KeyboardEvent) => {
    const move = event.altKey ? { ArrowUp: onMove.up, ArrowDown: onMove.down }[event.key] : undefined
    if (!move || !mayEdit) return
    event.preventDefault()
    event.stopPropagation()
    move()
  }
  return (
    <li className="py-1.5" onKeyDown={onKeyDown}>
      <div className="grid grid-cols-[minmax(0,1fr)_1.75rem] items-start gap-x-2 gap-y-1 @lg:grid-cols-[minmax(6rem,11rem)_minmax(0,1fr)_1.75rem]">
        <FieldName field={field} taken={taken} />
        <div className="min-w-0 @max-lg:order-last @max-lg:col-span-2">
          <ValueCell
            name={name}
            value={value}
            shape={shape}
            describedBy={described || undefined}
            wrong={wrong.length > 0}
            onChange={(next) => change({ do: 'set', path, value: next })}
          />
          <Outcome value={value} said={said} typed={path[0] === 'body'} />
          <div className={value === undefined ? '' : 'pl-9.5'}>
            <Wrong id={`${id}-wrong`} errors={wrong} />
            {help && (
              <p id={`${id}-help`} className="mt-0.5 text-small text-ink-3">
                <Coded text={help.replaceAll('\n', ' ')} />
              </p>
            )}
          </div>
        </div>
        {mayEdit && value !== undefined ? (
          <Menu trigger={<IconButton icon={Ellipsis} label={t('message.more', { name })} />} label={name}>
            <MenuItem disabled={!onMove.up} onSelect={() => onMove.up?.()}>
              <ArrowUp size={14} aria-hidden="true" className="text-ink-3" />
              {t('message.up')}
              <kbd className="ml-auto pl-4 font-mono text-micro text-ink-3">Alt ↑</kbd>
            </MenuItem>
            <MenuItem disabled={!onMove.down} onSelect={() => onMove.down?.()}>
              <ArrowDown size={14} aria-hidden="true" className="text-ink-3" />
              {t('message.down')}
              <kbd className="ml-auto pl-4 font-mono text-micro text-ink-3">Alt ↓</kbd>
            </MenuItem>
            <MenuItem onSelect={onRemove}>
              <Trash2 size={14} aria-hidden="true" className="text-ink-3" />
              {fixed ? t('message.unset') : t('message.remove')}
            </MenuItem>
          </Menu>
        ) : (
          <span />
        )}
      </div>
      {isNested && (
        <div className="mt-0.5 ml-2 border-l border-line pl-3">
          <FieldList root={root} field={field} name={name} />
        </div>
      )}
    </li>
  )
}
