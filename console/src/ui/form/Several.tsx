import { Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../Button'
import { IconButton } from '../IconButton'
import { CONTROL } from './Frame'
import { brief, type NestedProps, PlacedSection } from './Nested'
import { SchemaField } from './SchemaField'
import { type Schema, shapeOf } from './schema'
import { blankOf, freshName, isRecord } from './value'
import { useForm, within } from './words'

type SeveralProps = NestedProps & { shape: { item: Schema } }

/** Several of the same, which can be added and removed. */
export function ListSection({ shape, value, onChange, ...frame }: SeveralProps) {
  const { root } = useForm()
  const usual = Array.isArray(shape.schema.default) ? shape.schema.default : []
  const items = Array.isArray(value) ? value : usual
  // None is something else than what holds when nothing is said.
  const set = (changed: unknown[]) => onChange(changed.length > 0 || usual.length > 0 ? changed : undefined)
  return (
    <PlacedSection {...frame} summary={items.map(brief).join(' + ')}>
      {items.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an item has nothing but its place
        <Item key={at} onRemove={() => set(items.toSpliced(at, 1))}>
          <SchemaField
            place={within(frame.place, at)}
            schema={shape.item}
            value={item}
            bare
            onChange={(changed) => set(items.with(at, changed))}
          />
        </Item>
      ))}
      <AddButton onClick={() => set([...items, blankOf(root, shape.item) ?? {}])} />
    </PlacedSection>
  )
}

/** Values by name. */
export function MapSection({ shape, value, onChange, ...frame }: SeveralProps) {
  const { t } = useTranslation()
  const { root } = useForm()
  const entries = Object.entries(isRecord(value) ? value : {})
  const names = entries.map(([name]) => name)
  const set = (changed: [string, unknown][]) =>
    onChange(changed.length > 0 ? Object.fromEntries(changed) : undefined)
  const isLine = ['text', 'secret'].includes(shapeOf(root, shape.item).kind)
  return (
    <PlacedSection {...frame} summary={names.join(', ')}>
      {entries.map(([name, item], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is written
        <Item key={at} line={isLine} onRemove={() => set(entries.toSpliced(at, 1))}>
          <input
            // What is discarded is forgotten here, too.
            key={name}
            aria-label={t('form.name')}
            defaultValue={name}
            onBlur={(event) => set(entries.with(at, [event.target.value.trim() || name, item]))}
            className={`${CONTROL} font-mono text-small`}
          />
          <SchemaField
            place={within(frame.place, name)}
            schema={shape.item}
            value={item}
            bare
            onChange={(changed) => set(entries.with(at, [name, changed]))}
          />
        </Item>
      ))}
      <AddButton
        onClick={() => set([...entries, [freshName(names, 'name'), blankOf(root, shape.item) ?? '']])}
      />
    </PlacedSection>
  )
}

interface ItemProps {
  /** Whether it is no more than a line. */
  line?: boolean
  onRemove: () => void
  children: ReactNode
}

function Item({ line = false, onRemove, children }: ItemProps) {
  const { t } = useTranslation()
  return (
    <div className={`flex gap-2 ${line ? '' : 'rounded-base border border-line p-3'}`}>
      <div className={`min-w-0 flex-1 ${line ? 'grid grid-cols-2 gap-2' : 'space-y-4'}`}>{children}</div>
      <IconButton icon={X} label={t('form.remove')} onClick={onRemove} />
    </div>
  )
}

function AddButton({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation()
  return (
    <Button onClick={onClick}>
      <Plus size={13} aria-hidden="true" />
      {t('form.add')}
    </Button>
  )
}
