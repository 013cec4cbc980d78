import { type ReactNode, useId, useMemo } from 'react'
import { type FieldError, placed } from './errors'
import { Fields } from './Nested'
import { resolved, type Schema } from './schema'
import { FormContext, type FormFrame, useForm } from './words'

interface SchemaFormProps extends Partial<Pick<FormFrame, 'words' | 'custom' | 'generate'>> {
  /** The whole schema, with its definitions. */
  schema: Schema
  value: unknown
  onChange: (value: unknown) => void
  errors?: readonly FieldError[]
  children: ReactNode
}

const NOTHING = {}
const NO_WORDS = () => undefined
const NONE: readonly FieldError[] = []

/** A form that is all made from a JSON Schema; its `SchemaFields` stand where the page wants them. */
export function SchemaForm(props: SchemaFormProps) {
  const { schema, value, onChange, errors = NONE, children } = props
  const { words = NO_WORDS, custom = NOTHING, generate = NO_WORDS } = props
  const id = useId()
  const frame = useMemo(
    (): FormFrame => ({
      root: schema,
      value,
      onChange,
      id,
      errors: placed(errors, schema, value),
      words,
      custom,
      generate,
    }),
    [schema, value, onChange, id, errors, words, custom, generate],
  )
  return <FormContext value={frame}>{children}</FormContext>
}

/** Fields of the form around them: all, or a few; `prefix` is what their words begin with. */
export function SchemaFields({ prefix = '', only, omit }: SchemaFieldsProps) {
  const { root, value, onChange } = useForm()
  const schema = resolved(root, root)
  const left = Object.keys(schema.properties ?? {}).filter(
    (name) => omit?.includes(name) || (only && !only.includes(name)),
  )
  return (
    <Fields place={{ path: [], key: prefix }} schema={schema} value={value} onChange={onChange} omit={left} />
  )
}

interface SchemaFieldsProps {
  prefix?: string
  only?: readonly string[]
  omit?: readonly string[]
}
