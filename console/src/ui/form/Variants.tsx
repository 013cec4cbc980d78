import type { LucideIcon } from 'lucide-react'
import { Coded } from '../Coded'
import { Fields } from './Nested'
import type { Shape } from './schema'
import { blankOf, chosenOf } from './value'
import { asVariant, type Place, useForm, useWordOf } from './words'

interface VariantsProps {
  place: Place
  shape: Extract<Shape, { kind: 'variants' }>
  value: unknown
  onChange: (value: unknown) => void
  label: string
}

/** One of several kinds, as cards with what each is for; then the fields of the chosen one. */
export function Variants({ place, shape, value, onChange, label }: VariantsProps) {
  const { root, id } = useForm()
  const wordOf = useWordOf()
  const current = value === undefined ? (shape.schema.default ?? undefined) : value
  const chosen = chosenOf(shape, current)
  return (
    <div className="space-y-4">
      <div role="radiogroup" aria-label={label} className="grid gap-2 @lg:grid-cols-2 @4xl:grid-cols-3">
        {shape.variants.map((variant) => {
          const word = wordOf(asVariant(place, variant.name).key, variant.description)
          const isChosen = variant.name === chosen?.name
          return (
            <Card
              key={variant.name}
              name={`${id}-${place.key}`}
              chosen={isChosen}
              onChoose={() =>
                onChange({ [shape.tag]: variant.name, ...(blankOf(root, variant.schema) as object) })
              }
              title={word.label}
              text={word.help}
            />
          )
        })}
      </div>
      {chosen && Object.keys(chosen.schema.properties ?? {}).length > 0 && (
        <Fields
          place={asVariant(place, chosen.name)}
          schema={chosen.schema}
          value={current}
          onChange={onChange}
        />
      )}
    </div>
  )
}

/** A choice with room for what it means. */
export function Card({ name, chosen, onChoose, title, text, icon: Icon, tint = '' }: CardProps) {
  return (
    <label
      className={`relative flex gap-2.5 rounded-base border px-3 py-2.5 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent ${chosen ? 'border-accent bg-selected' : 'border-line-strong'}`}
    >
      <input
        type="radio"
        name={name}
        checked={chosen}
        onChange={onChoose}
        className="mt-0.5 size-3.5 shrink-0 accent-(--accent) outline-none"
      />
      <span className="min-w-0">
        <span className="flex items-center gap-1.5 text-table font-medium">
          {Icon && <Icon size={15} aria-hidden="true" className="shrink-0 text-ink-3" />}
          {title}
        </span>
        {text && (
          <span className={`mt-0.5 block text-small ${tint || 'text-ink-3'}`}>
            <Coded text={text} />
          </span>
        )}
      </span>
    </label>
  )
}

interface CardProps {
  name: string
  chosen: boolean
  onChoose: () => void
  title: string
  text?: string | undefined
  icon?: LucideIcon
  /** The colour of the text, where it warns. */
  tint?: string
}
