import { TriangleAlert } from 'lucide-react'
import { useContext, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Coded } from '~/ui/Coded'
import { isWrongWithin } from '~/ui/form/errors'
import { useControl, Wrong } from '~/ui/form/Frame'
import { Fields, Section } from '~/ui/form/Nested'
import { type Shape, shapeOf, type Variant } from '~/ui/form/schema'
import { Card } from '~/ui/form/Variants'
import { blankOf, chosenOf } from '~/ui/form/value'
import { asVariant, type FieldProps, useForm, useWordOf } from '~/ui/form/words'
import { firstSecrets, SecretsContext, SecretsForm } from './SecretsForm'
import { type Group, grouped, isPreset } from './schemes'

/** How a source knows its senders: a gallery of schemes, and what the chosen one needs. */
export function VerificationField({ place, schema, value, onChange }: FieldProps) {
  const { t } = useTranslation()
  const { root } = useForm()
  const { wrong } = useControl(place)
  const secrets = useContext(SecretsContext)
  const [picked, setPicked] = useState<string>()
  const shape = shapeOf(root, schema)
  if (shape.kind !== 'variants') return null
  const chosen = chosenOf(shape, value)
  const choose = (variant: Variant) => {
    setPicked(variant.name)
    onChange({ [shape.tag]: variant.name, ...(blankOf(root, variant.schema) as object) })
    secrets.onChange(secrets.kept === variant.name ? undefined : firstSecrets(secrets.schema, variant.name))
  }
  return (
    <section aria-label={t('sources.verification')} className="space-y-4 border-t border-line pt-5">
      <Gallery
        place={place}
        shape={shape}
        chosen={chosen?.name}
        onChoose={choose}
        invalid={wrong.length > 0}
      />
      <Wrong errors={wrong} />
      {chosen && (
        <Needs
          key={chosen.name}
          fresh={picked === chosen.name}
          place={asVariant(place, chosen.name)}
          variant={chosen}
          value={value}
          onChange={onChange}
        />
      )}
    </section>
  )
}

/** Products are known by their names; what is general needs a word. */
const LAYOUT: Record<Group, string> = {
  presets: 'grid-cols-2 @2xl:grid-cols-3 @3xl:grid-cols-5',
  general: '@lg:grid-cols-2 @2xl:grid-cols-3',
  open: '@lg:grid-cols-2 @2xl:grid-cols-3',
}

interface GalleryProps {
  place: FieldProps['place']
  shape: Extract<Shape, { kind: 'variants' }>
  chosen: string | undefined
  onChoose: (variant: Variant) => void
  invalid: boolean
}

function Gallery({ place, shape, chosen, onChoose, invalid }: GalleryProps) {
  const { t } = useTranslation()
  const { id } = useForm()
  const wordOf = useWordOf()
  const title = t('sources.verification')
  return (
    <div
      role="radiogroup"
      aria-label={title}
      aria-required
      aria-invalid={invalid || undefined}
      className="space-y-3"
    >
      <h2 className="text-small font-medium text-ink-2">{title}</h2>
      {grouped(shape.variants).map(([group, variants]) => (
        <div key={group}>
          <p className="mb-1.5 text-small text-ink-3">{t(`sources.groups.${group}`)}</p>
          <div className={`grid gap-2 ${LAYOUT[group]}`}>
            {variants.map((variant) => {
              const word = wordOf(`${place.key}.${variant.name}`, variant.description)
              return (
                <Card
                  key={variant.name}
                  name={`${id}-scheme`}
                  chosen={variant.name === chosen}
                  onChoose={() => onChoose(variant)}
                  title={word.label}
                  text={group === 'presets' ? undefined : word.help}
                />
              )
            })}
          </div>
        </div>
      ))}
    </div>
  )
}

interface NeedsProps extends Pick<FieldProps, 'place' | 'value' | 'onChange'> {
  variant: Variant
  /** Whether it has just been chosen: then it is brought into view. */
  fresh: boolean
}

/** What a scheme cannot do without, then its secrets; what it has besides is folded. */
function Needs({ place, variant, fresh, value, onChange }: NeedsProps) {
  const { t } = useTranslation()
  const { errors } = useForm()
  const { help } = useWordOf()(place.key, variant.description)
  const panel = useRef<HTMLDivElement>(null)
  const required = new Set(variant.schema.required ?? [])
  const names = Object.keys(variant.schema.properties ?? {})
  const optional = names.filter((name) => !required.has(name))
  const fields = { place, schema: variant.schema, value, onChange }
  const steps = t(`setUp.${variant.name}` as 'setUp.github', { defaultValue: '' })
  useEffect(() => {
    if (fresh) panel.current?.scrollIntoView({ block: 'nearest' })
  }, [fresh])
  return (
    <div ref={panel} className="space-y-4 rounded-base border border-line bg-sunken p-4">
      {variant.name === 'none' && (
        <p className="flex items-start gap-2 text-ink-2">
          <TriangleAlert size={14} aria-hidden="true" className="mt-0.5 shrink-0 text-waiting" />
          {t('sources.open')}
        </p>
      )}
      {isPreset(variant.name) && help && (
        <p className="text-table">
          <Coded text={help} />
        </p>
      )}
      {steps && (
        <p className="text-table text-ink-2">
          <Coded text={steps} />
        </p>
      )}
      {required.size > 0 && <Fields {...fields} omit={optional} />}
      <SecretsForm scheme={variant.name} />
      {optional.length > 0 && (
        <Section
          wrong={optional.some((name) => isWrongWithin(errors, [...place.path, name]))}
          label={t('sources.schemeMore')}
        >
          <Fields {...fields} omit={[...required]} />
        </Section>
      )}
    </div>
  )
}
