import { ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Coded } from '../Coded'
import { isWrongWithin } from './errors'
import { useControl, Wrong } from './Frame'
import { SchemaField } from './SchemaField'
import type { Schema, Shape } from './schema'
import { blankOf, isRecord, withKey } from './value'
import { inside, type Place, useForm } from './words'

/** What every nested part of a form is given. */
export interface NestedProps {
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

/** The section of a place, with a word of help; it unfolds when something in it is wrong. */
export function PlacedSection({ place, label, help, summary, children }: PlacedSectionProps) {
  const { errors } = useForm()
  return (
    <Section wrong={isWrongWithin(errors, place.path)} label={label} summary={summary}>
      {help && (
        <p className="text-small text-ink-3">
          <Coded text={help} />
        </p>
      )}
      {children}
    </Section>
  )
}

type PlacedSectionProps = Pick<NestedProps, 'place' | 'label' | 'help'> &
  Pick<SectionProps, 'summary' | 'children'>

/** An object in a section of its own; where it may be left out, a box says whether it is there. */
export function ObjectSection({ shape, value, onChange, ...frame }: NestedProps) {
  const { t } = useTranslation()
  const { root } = useForm()
  const { wrong } = useControl(frame.place)
  const usual = shape.schema.default ?? undefined
  const current = value === undefined ? usual : value
  const there = !shape.nullable || isRecord(current)
  return (
    <PlacedSection {...frame} summary={there ? brief(current) : t('form.off')}>
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
      {there && <Fields place={frame.place} schema={shape.schema} value={current} onChange={onChange} />}
    </PlacedSection>
  )
}

/** A value in a few words: its plain parts, one after the other; yes and no say nothing by themselves. */
export function brief(value: unknown): string {
  if (!isRecord(value)) return value === undefined || value === null ? '' : String(value)
  return Object.values(value)
    .map((part) => (Array.isArray(part) ? part.join(', ') : isRecord(part) ? brief(part) : part))
    .filter((part) => part !== undefined && part !== null && part !== '' && typeof part !== 'boolean')
    .slice(0, 4)
    .join(' · ')
}
