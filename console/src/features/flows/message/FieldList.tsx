import { Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import type { Schema } from '~/ui/form/schema'
import { freshName, type Path } from '~/ui/form/value'
import { tell } from '~/ui/toast'
import { FieldRow } from './FieldRow'
import { fresh, useMessage } from './frame'
import { blankIn, type Field, fieldsOf, isOpen, shapeIn } from './model/fields'

interface FieldListProps {
  /** The schema that all definitions are in. */
  root: Schema | undefined
  field: Pick<Field, 'path' | 'value' | 'schema'>
  /** What the fields are in. */
  name: string
  /** Whether it goes with its last field. */
  shrinks?: boolean
}

/** The fields of an object or the items of a list. */
export function FieldList({ root, field, name, shrinks = false }: FieldListProps) {
  const { t } = useTranslation()
  const { change, takeOut, mayEdit } = useMessage()
  const { path, value, schema } = field
  const fields = fieldsOf(root, field)
  const isList = Array.isArray(value)
  const present = isList ? value.map((_, at) => at) : Object.keys((value ?? {}) as object)
  const swap = (place: number) =>
    place >= 0 && place < present.length - 1 ? () => change({ do: 'swap', path, place }) : undefined
  const remove = (own: Path) => {
    const run = takeOut({ do: 'remove', path: shrinks && present.length === 1 ? path : own })
    const what = String(own.at(-1))
    tell({ text: t('message.removed', { name: what }), action: { label: t('message.undo'), run } })
  }
  const addLabel = isList ? t('message.addItem') : t('message.addField')
  const add = () => {
    if (isList) {
      const items = shapeIn(root, schema)?.schema.items
      const item = typeof items === 'object' ? blankIn(shapeIn(root, items)) : ''
      return change({ do: 'set', path: [...path, value.length], value: item })
    }
    const added = [...path, freshName(present as string[], 'field')]
    fresh.added(added)
    change({ do: 'set', path: added, value: '' })
  }
  return (
    <>
      {fields.length > 0 && (
        <ul aria-label={name}>
          {fields.map((one) => {
            // A form has an order of its own.
            const place = one.fixed ? -1 : present.indexOf(one.key as never)
            return (
              <FieldRow
                key={one.key}
                root={root}
                field={one}
                taken={fields.map(({ key }) => String(key))}
                onMove={{ up: swap(place - 1), down: swap(place) }}
                onRemove={() => remove(one.path)}
              />
            )
          })}
        </ul>
      )}
      {mayEdit && (isList || isOpen(root, schema)) && (
        <Button look="quiet" className="my-1 -ml-2" aria-label={`${addLabel}: ${name}`} onClick={add}>
          <Plus size={13} aria-hidden="true" />
          {addLabel}
        </Button>
      )}
    </>
  )
}
