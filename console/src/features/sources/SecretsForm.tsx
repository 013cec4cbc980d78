import { KeyRound } from 'lucide-react'
import { createContext, useContext, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useSourceWords } from '~/app/i18n/source-form'
import { Button } from '~/ui/Button'
import type { FieldError } from '~/ui/form/errors'
import { SchemaFields, SchemaForm } from '~/ui/form/SchemaForm'
import { type Schema, shapeOf } from '~/ui/form/schema'
import { generatorOf } from './schemes'

interface SecretsFrame {
  schema: Schema
  value: Record<string, unknown> | undefined
  errors: readonly FieldError[]
  /** The scheme whose secrets the server keeps. */
  kept: string | undefined
  onChange: (value: Record<string, unknown> | undefined) => void
}

/** The secrets stand right beside the scheme that they are for, though they are sent apart from it. */
export const SecretsContext = createContext<SecretsFrame>({
  schema: {},
  value: undefined,
  errors: [],
  kept: undefined,
  onChange: () => undefined,
})

/** The secrets of a scheme; those that the server keeps are not asked for again. */
export function SecretsForm({ scheme }: { scheme: string }) {
  const { t } = useTranslation()
  const words = useSourceWords()
  const { schema, value, errors, kept, onChange } = useContext(SecretsContext)
  const own = useMemo(() => secretsOf(schema, scheme), [schema, scheme])
  if (!own || Object.keys(own.properties ?? {}).length === 0) return null
  if (value?.scheme !== scheme) {
    if (kept !== scheme) return null
    return (
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-table text-ink-2">
        <KeyRound size={14} aria-hidden="true" className="text-ink-3" />
        {t('sources.secretsKept')}
        <Button onClick={() => onChange({ scheme })}>{t('sources.replaceSecrets')}</Button>
      </div>
    )
  }
  return (
    <div className="space-y-4">
      <SchemaForm
        schema={own}
        value={value}
        onChange={(changed) => onChange({ ...(changed as object), scheme })}
        errors={errors}
        generate={generatorOf}
        {...(words && { words })}
      >
        <SchemaFields prefix={`secrets.${scheme}`} />
      </SchemaForm>
      {kept === scheme && (
        <Button look="quiet" onClick={() => onChange(undefined)}>
          {t('sources.keepSecrets')}
        </Button>
      )}
    </div>
  )
}

/** The schema of one scheme's secrets, by itself. */
export function secretsOf(schema: Schema, scheme: string): Schema | undefined {
  const shape = shapeOf(schema, schema)
  if (shape.kind !== 'variants') return undefined
  const variant = shape.variants.find(({ name }) => name === scheme)
  return variant && { ...variant.schema, ...(schema.$defs && { $defs: schema.$defs }) }
}

/** What a scheme's secrets begin with: a fresh one where this side makes it, so that nothing is left to do. */
export function firstSecrets(schema: Schema, scheme: string): Record<string, unknown> {
  const own = secretsOf(schema, scheme)
  const required = new Set(own?.required ?? [])
  const entries = Object.entries(own?.properties ?? {})
    .filter(([name]) => required.has(name))
    .map(([name, property]): [string, unknown] => {
      const made = generatorOf(`secrets.${scheme}.${name}`)?.() ?? ''
      return [name, property.type === 'array' ? [made] : made]
    })
  return { scheme, ...Object.fromEntries(entries) }
}
