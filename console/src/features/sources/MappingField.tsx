import { ChevronRight, Plus, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { isWrongWithin } from '~/ui/form/errors'
import { CONTROL, useControl, Wrong } from '~/ui/form/Frame'
import { Fields } from '~/ui/form/Nested'
import { type Schema, shapeOf } from '~/ui/form/schema'
import { freshName, isRecord, withKey } from '~/ui/form/value'
import { type FieldProps, inside, type Place, useForm, useWordOf, within } from '~/ui/form/words'
import { IconButton } from '~/ui/IconButton'

/** What each field has in the table; the rest of it is folded below. */
const COLUMNS = ['type', 'from', 'required']

type Field = Record<string, unknown>

/** The mapping as a table: a row for each field, with the rest of it folded. */
export function MappingField({ place, schema, value, onChange }: FieldProps) {
  const { t } = useTranslation()
  const { root } = useForm()
  const { wrong } = useControl(place)
  const shape = shapeOf(root, schema)
  if (shape.kind !== 'map') return null
  const item = shapeOf(root, shape.item).schema
  const fields = isRecord(value) ? value : {}
  const entries = Object.entries(fields) as [string, Field][]
  const set = (changed: [string, Field][]) => onChange(Object.fromEntries(changed))
  return (
    <div className="space-y-3">
      <ul className="divide-y divide-line rounded-base border border-line">
        {entries.map(([name, field], at) => (
          <Row
            // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is written
            key={at}
            place={within(place, name)}
            name={name}
            field={field}
            schema={item}
            onChange={(renamed, changed) =>
              set(entries.map((entry, other) => (other === at ? [renamed, changed] : entry)))
            }
            onRemove={() => set(entries.filter((_, other) => other !== at))}
          />
        ))}
      </ul>
      <Wrong errors={wrong} />
      <Button
        onClick={() =>
          set([...entries, [freshName(Object.keys(fields), 'field'), { type: 'string', from: '' }]])
        }
      >
        <Plus size={13} aria-hidden="true" />
        {t('sources.addField')}
      </Button>
    </div>
  )
}

interface RowProps {
  place: Place
  name: string
  field: Field
  schema: Schema
  onChange: (name: string, field: Field) => void
  onRemove: () => void
}

function Row({ place, name, field, schema, onChange, onRemove }: RowProps) {
  const { t } = useTranslation()
  const { errors } = useForm()
  const { id, wrong } = useControl(place)
  const wordOf = useWordOf()
  const [open, setOpen] = useState(false)
  const label = (column: string) => wordOf(`${place.key}.${column}`).label
  const set = (column: string, changed: unknown) => onChange(name, withKey(field, column, changed))
  const rest = Object.keys(schema.properties ?? {}).filter((column) => !COLUMNS.includes(column))
  const unfold = open || rest.some((column) => isWrongWithin(errors, [...place.path, column]))
  const types = (schema.properties?.type && typesOf(schema.properties.type)) ?? []
  return (
    <li className="px-2 py-2">
      <div className="flex items-start gap-1.5">
        <IconButton
          icon={ChevronRight}
          label={t('sources.fieldMore', { name })}
          aria-expanded={unfold}
          className={`mt-0.5 ${unfold ? '[&>svg]:rotate-90' : ''}`}
          onClick={() => setOpen(!open)}
        />
        <div className="grid min-w-0 flex-1 gap-1.5 @xl:grid-cols-[minmax(7rem,1fr)_9rem_minmax(0,2fr)_auto]">
          <div className="min-w-0">
            <input
              // What is discarded is forgotten here, too.
              key={name}
              aria-label={t('columns.name')}
              aria-invalid={wrong.length > 0 || undefined}
              aria-describedby={wrong.length > 0 ? `${id}-wrong` : undefined}
              defaultValue={name}
              spellCheck={false}
              onBlur={(event) => onChange(event.target.value.trim() || name, field)}
              className={`${CONTROL} font-mono text-small`}
            />
            <Wrong id={`${id}-wrong`} errors={wrong} />
          </div>
          <Cell
            place={inside(place, 'type')}
            label={label('type')}
            value={field.type}
            options={types}
            onChange={(type) => set('type', type)}
          />
          <Cell
            place={inside(place, 'from')}
            label={label('from')}
            value={field.from}
            onChange={(from) => set('from', from)}
          />
          <label className="inline-flex h-8 items-center gap-1.5 text-table">
            <input
              type="checkbox"
              checked={field.required === true}
              onChange={(event) => set('required', event.target.checked || undefined)}
              className="size-4 accent-(--accent)"
            />
            {label('required')}
          </label>
        </div>
        <IconButton
          icon={X}
          label={t('sources.removeField', { name })}
          className="mt-0.5"
          onClick={onRemove}
        />
      </div>
      {unfold && (
        <div className="mt-3 mr-8 mb-1 ml-8">
          <Fields
            place={place}
            schema={schema}
            value={field}
            onChange={(changed) => onChange(name, changed as Field)}
            omit={COLUMNS}
          />
        </div>
      )}
    </li>
  )
}

/** The types that are offered; others can be written. */
function typesOf(schema: Schema): string[] {
  return (schema.examples as string[] | undefined) ?? []
}

interface CellProps {
  place: Place
  label: string
  value: unknown
  options?: string[]
  onChange: (value: string) => void
}

function Cell({ place, label, value, options, onChange }: CellProps) {
  const { id, wrong } = useControl(place)
  return (
    <div className="min-w-0">
      <input
        id={id}
        aria-label={label}
        aria-invalid={wrong.length > 0 || undefined}
        aria-describedby={wrong.length > 0 ? `${id}-wrong` : undefined}
        list={options ? `${id}-options` : undefined}
        value={typeof value === 'string' ? value : ''}
        placeholder={options ? undefined : 'body.'}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        className={`${CONTROL} font-mono text-small`}
      />
      {options && (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      <Wrong id={`${id}-wrong`} errors={wrong} />
    </div>
  )
}
