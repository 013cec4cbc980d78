import { ChevronRight, Plus, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../Button'
import { Coded } from '../Coded'
import { IconButton } from '../IconButton'
import { isWrongWithin } from './errors'
import { CONTROL, useControl, Wrong } from './Frame'
import { SchemaField } from './SchemaField'
import { type Schema, type Shape, shapeOf } from './schema'
import { blankOf, isRecord, withKey } from './value'
import { inside, type Place, useForm, within } from './words'

interface NestedProps {
  place: Place
  shape: Shape
  value: unknown
  onChange: (value: unknown) => void
  label: string
  help?: string | undefined
}

/** The fields of an object, one below the other. */
export function Fields({ place, schema, value, onChange, omit = [] }: FieldsProps) {
  const required = new Set(schema.required ?? [])
  return (
    <div className="space-y-4">
      {Object.entries(schema.properties ?? {})
        .filter(([name]) => !omit.includes(name))
        .map(([name, property]) => (
          <SchemaField
            key={name}
            place={inside(place, name)}
            schema={property}
            value={isRecord(value) ? value[name] : undefined}
            onChange={(changed) => onChange(withKey(value, name, changed))}
            required={required.has(name)}
          />
        ))}
    </div>
  )
}

interface FieldsProps {
  place: Place
  schema: Schema
  value: unknown
  onChange: (value: unknown) => void
  omit?: readonly string[]
}

/** A section that is folded until somebody wants it, or something in it is wrong. */
export function Section({ wrong, label, summary, children }: SectionProps) {
  const [open, setOpen] = useState(false)
  return (
    <details
      open={open || wrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group/section rounded-base border border-line"
    >
      <summary className="flex min-h-9 items-center gap-2 px-3 py-1.5 outline-offset-[-2px] hover:bg-hover">
        <ChevronRight
          size={14}
          aria-hidden="true"
          className="shrink-0 text-ink-3 transition-transform duration-100 group-open/section:rotate-90"
        />
        <span className="text-small font-medium text-ink-2">{label}</span>
        <span className="min-w-0 truncate text-small text-ink-3">{summary}</span>
      </summary>
      <div className="space-y-4 border-t border-line px-3 py-4">{children}</div>
    </details>
  )
}

interface SectionProps {
  /** Whether something in it is wrong. */
  wrong: boolean
  label: string
  /** What holds now, in a few words. */
  summary?: ReactNode
  children: ReactNode
}

/** An object in a section of its own; where it may be left out, a box says whether it is there. */
export function ObjectSection({ place, shape, value, onChange, label, help }: NestedProps) {
  const { t } = useTranslation()
  const { root, errors } = useForm()
  const { wrong } = useControl(place)
  const usual = shape.schema.default ?? undefined
  const current = value === undefined ? usual : value
  const there = !shape.nullable || isRecord(current)
  return (
    <Section
      wrong={isWrongWithin(errors, place.path)}
      label={label}
      summary={there ? brief(current) : t('form.off')}
    >
      {help && (
        <p className="text-small text-ink-3">
          <Coded text={help} />
        </p>
      )}
      {shape.nullable && (
        <label className="flex w-fit items-center gap-2 text-table">
          <input
            type="checkbox"
            checked={there}
            onChange={(event) => {
              if (event.target.checked) onChange(usual ?? blankOf(root, shape.schema))
              else onChange(usual === undefined ? undefined : null)
            }}
            className="size-4 accent-(--accent)"
          />
          {t('form.on')}
        </label>
      )}
      <Wrong errors={wrong} />
      {there && <Fields place={place} schema={shape.schema} value={current} onChange={onChange} />}
    </Section>
  )
}

/** A value in a few words: its plain parts, one after the other. */
export function brief(value: unknown): string {
  if (!isRecord(value)) return value === undefined || value === null ? '' : String(value)
  return Object.values(value)
    .map((part) => (Array.isArray(part) ? part.join(', ') : isRecord(part) ? brief(part) : part))
    .filter((part) => part !== undefined && part !== null && part !== '')
    .slice(0, 4)
    .join(' · ')
}

/** Several of the same, which can be added and removed. */
export function ListSection({
  place,
  shape,
  value,
  onChange,
  label,
  help,
}: NestedProps & { shape: { item: Schema } }) {
  const { t } = useTranslation()
  const { root, errors } = useForm()
  const items = Array.isArray(value) ? value : []
  const set = (changed: unknown[]) => onChange(changed.length > 0 ? changed : undefined)
  return (
    <Section
      wrong={isWrongWithin(errors, place.path)}
      label={label}
      summary={items.length > 0 ? items.length : ''}
    >
      {help && (
        <p className="text-small text-ink-3">
          <Coded text={help} />
        </p>
      )}
      {items.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an item has nothing but its place
        <div key={at} className="flex gap-2 rounded-base border border-line p-3">
          <div className="min-w-0 flex-1">
            <SchemaField
              place={within(place, at)}
              schema={shape.item}
              value={item}
              bare
              onChange={(changed) => set(items.map((one, other) => (other === at ? changed : one)))}
            />
          </div>
          <IconButton
            icon={X}
            label={t('form.remove')}
            onClick={() => set(items.filter((_, other) => other !== at))}
          />
        </div>
      ))}
      <Button onClick={() => set([...items, blankOf(root, shape.item) ?? {}])}>
        <Plus size={13} aria-hidden="true" />
        {t('form.add')}
      </Button>
    </Section>
  )
}

/** Values by name. */
export function MapSection({
  place,
  shape,
  value,
  onChange,
  label,
  help,
}: NestedProps & { shape: { item: Schema } }) {
  const { t } = useTranslation()
  const { root, errors } = useForm()
  const entries = Object.entries(isRecord(value) ? value : {})
  const set = (changed: [string, unknown][]) =>
    onChange(changed.length > 0 ? Object.fromEntries(changed) : undefined)
  const change = (at: number, entry: [string, unknown]) =>
    set(entries.map((one, other) => (other === at ? entry : one)))
  const simple = shapeOf(root, shape.item).kind === 'text'
  return (
    <Section
      wrong={isWrongWithin(errors, place.path)}
      label={label}
      summary={entries.map(([name]) => name).join(', ')}
    >
      {help && (
        <p className="text-small text-ink-3">
          <Coded text={help} />
        </p>
      )}
      {entries.map(([name, item], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is written
        <div key={at} className={`flex gap-2 ${simple ? '' : 'rounded-base border border-line p-3'}`}>
          <div className={`min-w-0 flex-1 ${simple ? 'grid grid-cols-2 gap-2' : 'space-y-4'}`}>
            <input
              aria-label={t('form.name')}
              defaultValue={name}
              onBlur={(event) => change(at, [event.target.value.trim() || name, item])}
              className={`${CONTROL} font-mono text-small`}
            />
            <SchemaField
              place={within(place, name)}
              schema={shape.item}
              value={item}
              bare
              onChange={(changed) => change(at, [name, changed])}
            />
          </div>
          <IconButton
            icon={X}
            label={t('form.remove')}
            onClick={() => set(entries.filter((_, other) => other !== at))}
          />
        </div>
      ))}
      <Button onClick={() => set([...entries, [freshName(entries), blankOf(root, shape.item) ?? '']])}>
        <Plus size={13} aria-hidden="true" />
        {t('form.add')}
      </Button>
    </Section>
  )
}

function freshName(entries: [string, unknown][]): string {
  const taken = new Set(entries.map(([name]) => name))
  let number = entries.length + 1
  while (taken.has(`name_${number}`)) number++
  return `name_${number}`
}
