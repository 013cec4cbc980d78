import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL, type ControlProps } from './Frame'
import type { Shape } from './schema'

interface Props {
  shape: Shape
  value: unknown
  onChange: (value: unknown) => void
  control: ControlProps
}

/**
 * A text. Where nothing else than null says "none", an empty one is null; one that must be there may be empty, and the
 * server says whether it is allowed to.
 */
export function TextControl({ shape, value, onChange, control, required }: Props & { required: boolean }) {
  const { schema, nullable } = shape
  const fallback = schema.default
  const emptied = nullable && typeof fallback === 'string' ? null : required && !nullable ? '' : undefined
  const shown = value === undefined && emptied === null ? fallback : value
  const example = (typeof fallback === 'string' && fallback) || schema.examples?.[0]
  return (
    <input
      {...control}
      type="text"
      autoComplete="off"
      spellCheck={false}
      value={typeof shown === 'string' ? shown : ''}
      placeholder={typeof example === 'string' ? example : undefined}
      onChange={(event) => onChange(event.target.value === '' ? emptied : event.target.value)}
      className={`${CONTROL} ${schema['x-widget'] === 'source-path' ? 'font-mono text-small' : ''}`}
    />
  )
}

/** A number; what is no number yet stays as text until it is one, so that the server never gets less. */
export function NumberControl({ shape, value, onChange, control }: Props) {
  const { schema } = shape
  return (
    <input
      {...control}
      type="number"
      inputMode="numeric"
      min={schema.minimum}
      max={schema.maximum}
      step={schema.type === 'integer' ? 1 : 'any'}
      value={typeof value === 'number' ? value : ''}
      placeholder={schema.default === undefined ? undefined : String(schema.default)}
      onChange={(event) =>
        onChange(Number.isNaN(event.target.valueAsNumber) ? undefined : event.target.valueAsNumber)
      }
      className={`${CONTROL} tabular max-w-40`}
    />
  )
}

/** A whole number of a unit: `30s`, `1MiB`. */
export function QuantityControl({ shape, value, onChange, control }: Props & { shape: { units: string[] } }) {
  const { t } = useTranslation()
  const { schema, units } = shape
  const [count, unit] = parts(value)
  const [usualCount, usualUnit] = parts(schema.default)
  const [chosen, setChosen] = useState<string>()
  const shownUnit = unit ?? chosen ?? usualUnit ?? units[units.length > 4 ? 1 : 0] ?? ''
  const give = (number: string, of: string) => onChange(number === '' ? undefined : `${number}${of}`)
  return (
    <div className="flex gap-1.5">
      <input
        {...control}
        type="number"
        inputMode="numeric"
        min={0}
        step={1}
        value={count ?? ''}
        placeholder={usualCount}
        onChange={(event) => give(event.target.value.replace(/\D/g, ''), shownUnit)}
        className={`${CONTROL} tabular max-w-28`}
      />
      <select
        aria-label={t('form.unit')}
        value={shownUnit}
        onChange={(event) => {
          setChosen(event.target.value)
          if (count !== undefined) give(count, event.target.value)
        }}
        className={`${CONTROL} w-auto! shrink-0`}
      >
        {units.map((one) => (
          <option key={one} value={one}>
            {t(`form.units.${one}` as 'form.units.s', { defaultValue: one })}
          </option>
        ))}
      </select>
    </div>
  )
}

function parts(value: unknown): [string | undefined, string | undefined] {
  const [, count, unit] = (typeof value === 'string' && value.match(/^(\d+)([A-Za-z]+)$/)) || []
  return [count, unit]
}

export function BooleanControl({ shape, value, onChange, control, label }: Props & { label: string }) {
  const usual = shape.schema.default === true
  return (
    <input
      {...control}
      type="checkbox"
      aria-label={label}
      checked={typeof value === 'boolean' ? value : usual}
      onChange={(event) => onChange(event.target.checked === usual ? undefined : event.target.checked)}
      className="mt-2 size-4 accent-(--accent)"
    />
  )
}

export function ChoiceControl(
  props: Props & { shape: { options: string[] }; required: boolean; name: (option: string) => string },
) {
  const { shape, value, onChange, control, required, name } = props
  const usual = typeof shape.schema.default === 'string' ? shape.schema.default : undefined
  return (
    <select
      {...control}
      value={typeof value === 'string' ? value : (usual ?? '')}
      onChange={(event) => onChange(event.target.value || undefined)}
      className={`${CONTROL} w-auto! max-w-full`}
    >
      {usual === undefined && (!required || value === undefined) && <option value="">–</option>}
      {shape.options.map((option) => (
        <option key={option} value={option}>
          {name(option)}
        </option>
      ))}
    </select>
  )
}

/** Several of a few. */
export function ChoicesControl({
  shape,
  value,
  onChange,
  name,
}: Omit<Props, 'control'> & { shape: { options: string[] }; name: (option: string) => string }) {
  const usual = Array.isArray(shape.schema.default) ? (shape.schema.default as string[]) : []
  const chosen = new Set(Array.isArray(value) ? (value as string[]) : usual)
  const toggle = (option: string, on: boolean) => {
    if (on) chosen.add(option)
    else chosen.delete(option)
    onChange(shape.options.filter((one) => chosen.has(one)))
  }
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-1">
      {shape.options.map((option) => (
        <label key={option} className="inline-flex items-center gap-1.5 text-table">
          <input
            type="checkbox"
            checked={chosen.has(option)}
            onChange={(event) => toggle(option, event.target.checked)}
            className="size-4 accent-(--accent)"
          />
          {name(option)}
        </label>
      ))}
    </div>
  )
}

/** Texts, one a line. */
export function LinesControl({ value, onChange, control, shape }: Props) {
  const { t } = useTranslation()
  const lines = Array.isArray(value) ? (value as string[]) : []
  const example = shape.schema.examples?.[0]
  return (
    <textarea
      {...control}
      rows={Math.max(2, Math.min(8, lines.length + 1))}
      spellCheck={false}
      value={lines.join('\n')}
      placeholder={typeof example === 'string' ? example : t('form.onePerLine')}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value.split('\n'))}
      onBlur={() =>
        onChange(
          lines.some((line) => line.trim() !== '')
            ? lines.map((line) => line.trim()).filter(Boolean)
            : undefined,
        )
      }
      className={`${CONTROL} h-auto! py-1.5 font-mono text-small leading-5`}
    />
  )
}

/** Any value, as JSON; what is no JSON is taken for a text, as a person means it. */
export function JsonControl({ value, onChange, control }: Props) {
  const [text, setText] = useState(() => (value === undefined ? '' : asText(value)))
  return (
    <input
      {...control}
      type="text"
      spellCheck={false}
      autoComplete="off"
      value={text}
      onChange={(event) => {
        setText(event.target.value)
        onChange(fromText(event.target.value))
      }}
      className={`${CONTROL} font-mono text-small`}
    />
  )
}

function asText(value: unknown): string {
  // A text that reads as something else keeps its quotes.
  if (typeof value === 'string' && typeof fromText(value) === 'string') return value
  return JSON.stringify(value)
}

function fromText(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
