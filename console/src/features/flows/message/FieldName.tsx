import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/Frame'
import { written } from '~/ui/form/value'
import { fresh, useMessage } from './frame'
import type { Field } from './model/fields'

/** A field's name; one that no form gives can be written anew. */
export function FieldName({ field, taken }: { field: Field; taken: readonly string[] }) {
  const { t } = useTranslation()
  const { change, mayEdit } = useMessage()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [isTaken, setIsTaken] = useState(false)
  const { path, key, fixed, required } = field
  const place = written(path)
  useEffect(() => {
    if (!fresh.taken(place)) return
    input.current?.focus()
    input.current?.select()
  }, [place])
  if (typeof key === 'number' || fixed || !mayEdit) {
    return (
      <span className="min-w-0 truncate py-1.5 font-mono text-small text-ink-2">
        {typeof key === 'number' ? `[${key}]` : key}
        {required && (
          <span title={t('form.required')} aria-hidden="true" className="ml-0.5 text-accent">
            *
          </span>
        )}
      </span>
    )
  }
  const rename = (name: string) => {
    const clashes = name !== key && taken.includes(name)
    setIsTaken(clashes)
    if (!clashes && name !== '' && name !== key) change({ do: 'rename', path, name })
  }
  return (
    <div className="min-w-0">
      <input
        ref={input}
        aria-label={t('message.nameOf', { name: key })}
        aria-invalid={isTaken || undefined}
        aria-describedby={isTaken ? id : undefined}
        defaultValue={key}
        spellCheck={false}
        autoComplete="off"
        onBlur={({ target }) => rename(target.value.trim())}
        onKeyDown={(event) => event.key === 'Enter' && rename(event.currentTarget.value.trim())}
        className={`${CONTROL} -ml-1.5 border-transparent! bg-transparent! px-1.5! font-mono text-small hover:border-line-strong! focus:border-line-strong! focus:bg-raised! aria-invalid:border-failed!`}
      />
      {isTaken && (
        <p id={id} className="text-small text-failed">
          {t('message.taken')}
        </p>
      )}
    </div>
  )
}
