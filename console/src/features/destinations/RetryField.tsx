import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL, Frame } from '~/ui/form/Frame'
import { type FieldProps, useWordOf } from '~/ui/form/words'

const NAMED = ['standard', 'brief', 'none'] as const

/** When a delivery is tried again: one of three ways, or delays of one's own. */
export function RetryField({ place, value, onChange }: FieldProps) {
  const { t } = useTranslation()
  const { label, help } = useWordOf()(place.key)
  const [text, setText] = useState(Array.isArray(value) ? value.join(', ') : '')
  const isOwn = Array.isArray(value)
  return (
    <Frame place={place} label={label} help={help}>
      {(control) => (
        <div className="flex flex-wrap gap-1.5">
          <select
            {...control}
            value={isOwn ? 'own' : typeof value === 'string' ? value : 'standard'}
            onChange={({ target }) => {
              if (target.value === 'own') onChange(delays(text))
              else onChange(target.value === 'standard' ? undefined : target.value)
            }}
            className={`${CONTROL} w-auto! max-w-full`}
          >
            {NAMED.map((name) => (
              <option key={name} value={name}>
                {t(`destinations.retries.${name}`)}
              </option>
            ))}
            <option value="own">{t('destinations.retries.own')}</option>
          </select>
          {isOwn && (
            <input
              aria-label={t('destinations.delays')}
              autoComplete="off"
              value={text}
              placeholder="10s, 5m, 1h"
              onChange={({ target }) => {
                setText(target.value)
                onChange(delays(target.value))
              }}
              className={`${CONTROL} max-w-72 font-mono text-small`}
            />
          )}
        </div>
      )}
    </Frame>
  )
}

function delays(text: string): string[] {
  return text.split(/[\s,，]+/).filter(Boolean)
}
