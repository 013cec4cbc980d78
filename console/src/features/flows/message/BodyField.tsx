import { ListTree } from 'lucide-react'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { DestinationKind } from '~/api/destinations'
import { useMessageWords } from '~/app/i18n/message-form'
import { Button } from '~/ui/Button'
import { Wrong } from '~/ui/form/Frame'
import { isRecord, type Path } from '~/ui/form/value'
import { FieldList } from './FieldList'
import { HelpContext, useMessage, usePlace } from './frame'
import { asFields } from './model/fields'
import { Outcome } from './Outcome'
import { ValueCell } from './ValueCell'

const PATH = ['body']

/** What is said: the fields of the destination's kind, or any JSON as a tree. */
export function BodyField({ body, kind }: { body: unknown; kind: DestinationKind | undefined }) {
  const { t } = useTranslation()
  const { change, mayEdit } = useMessage()
  const { wrong, said } = usePlace(PATH)
  const form = kind?.message ?? undefined
  const words = useMessageWords()
  const kindName = kind?.name ?? ''
  const help = useCallback(
    ([, ...path]: Path) => {
      const key = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.')
      return (words?.(`${kindName}.${key}`) ?? words?.(key))?.help
    },
    [words, kindName],
  )
  const isTree = isRecord(body) || Array.isArray(body)
  const name = t('message.body')
  const isBlank = isTree ? Object.keys(body).length === 0 : body === undefined
  return (
    <section aria-label={name} className="border-t border-line pt-4">
      <div className="flex flex-wrap items-start gap-x-3">
        <h2 className="py-1.5 text-small font-medium text-ink-2">{name}</h2>
        <div className="min-w-40 flex-1">
          <ValueCell
            name={name}
            value={body}
            shape={undefined}
            wrong={wrong.length > 0}
            onChange={(value) => change({ do: 'set', path: PATH, value })}
          />
          <Outcome value={body} said={said} typed />
          <Wrong errors={wrong} />
        </div>
      </div>
      {form && !isTree && mayEdit && (
        <Button
          look="quiet"
          className="my-1 -ml-2"
          onClick={() => change({ do: 'set', path: PATH, value: asFields(form, body) })}
        >
          <ListTree size={13} aria-hidden="true" />
          {t('message.asFields')}
        </Button>
      )}
      {isBlank && !form && <p className="py-1 text-ink-2">{t('message.blank')}</p>}
      {isTree && (
        <HelpContext value={help}>
          <FieldList
            root={form}
            field={{ path: PATH, value: body, schema: isRecord(body) ? form : undefined }}
            name={name}
          />
        </HelpContext>
      )}
    </section>
  )
}
