import {
  BooleanControl,
  ChoiceControl,
  ChoicesControl,
  JsonControl,
  LinesControl,
  NumberControl,
  QuantityControl,
  TextControl,
} from './Controls'
import { type ControlProps, Frame } from './Frame'
import { Fields, ObjectSection } from './Nested'
import { SecretControl, SecretsControl } from './Secrets'
import { ListSection, MapSection } from './Several'
import { type Schema, shapeOf } from './schema'
import { Variants } from './Variants'
import { written } from './value'
import { type Place, useForm, useWordOf } from './words'

const BARE = { 'aria-describedby': undefined, 'aria-invalid': undefined, 'aria-required': undefined } as const

interface SchemaFieldProps {
  place: Place
  schema: Schema
  value: unknown
  onChange: (value: unknown) => void
  required?: boolean
  /** Whether what is around it says already what it is. */
  bare?: boolean
}

/** What a form shows at one place: whatever the schema there asks for. */
export function SchemaField({
  place,
  schema,
  value,
  onChange,
  required = false,
  bare = false,
}: SchemaFieldProps) {
  const { root, id, custom, generate } = useForm()
  const wordOf = useWordOf()
  const Custom = custom[place.key]
  if (Custom)
    return <Custom place={place} schema={schema} value={value} onChange={onChange} required={required} />
  const shape = shapeOf(root, schema)
  const { label, help } = wordOf(place.key, shape.schema.description)
  const nested = { place, shape, value, onChange, label, help }
  switch (shape.kind) {
    case 'object':
      if (bare) return <Fields place={place} schema={shape.schema} value={value} onChange={onChange} />
      return <ObjectSection {...nested} shape={shape} />
    case 'list':
      return <ListSection {...nested} shape={shape} />
    case 'map':
      return <MapSection {...nested} shape={shape} />
    case 'variants':
      return (
        <Frame place={place} label={label} help={bare ? undefined : help} required={required} group stacked>
          {() => <Variants place={place} shape={shape} value={value} onChange={onChange} label={label} />}
        </Frame>
      )
  }
  const optionName = (option: string) => wordOf(`${place.key}=${option}`).label.replace(/^.*=/, '')
  const drawn = (control: ControlProps) => {
    const props = { shape, value, onChange, control }
    switch (shape.kind) {
      case 'text':
        return <TextControl {...props} required={required} />
      case 'number':
        return <NumberControl {...props} />
      case 'quantity':
        return <QuantityControl {...props} shape={shape} />
      case 'boolean':
        return <BooleanControl {...props} label={label} />
      case 'choice':
        return <ChoiceControl {...props} shape={shape} required={required} name={optionName} />
      case 'choices':
        return <ChoicesControl {...props} shape={shape} name={optionName} />
      case 'lines':
        return <LinesControl {...props} />
      case 'secret':
        return <SecretControl {...props} label={label} generate={generate(place.key)} />
      case 'secrets':
        return <SecretsControl {...props} label={label} generate={generate(place.key)} />
      default:
        return <JsonControl {...props} />
    }
  }
  if (bare) {
    return drawn({ ...BARE, id: `${id}-${written(place.path)}`, 'aria-label': label })
  }
  return (
    <Frame place={place} label={label} help={help} required={required} group={shape.kind === 'choices'}>
      {drawn}
    </Frame>
  )
}
