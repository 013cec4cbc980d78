import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/Frame'
import { isRecord } from '~/ui/form/value'

interface ConstantProps {
  name: string
  value: unknown
  options: string[] | undefined
  describedBy: string | undefined
  wrong: boolean
  disabled: boolean
  onChange: (value: unknown) => void
}

/** A constant that is no free text: a number, one of a few, nothing; or how much is in an object or a list. */
export function Constant({ name, value, options, describedBy, wrong, disabled, onChange }: ConstantProps) {
  const { t } = useTranslation()
  const shared = {
    disabled,
    'aria-label': name,
    'aria-invalid': wrong || undefined,
    'aria-describedby': describedBy,
  }
  if (typeof value === 'number') return <NumberInput {...shared} value={value} onChange={onChange} />
  if (typeof value === 'boolean' || typeof value === 'string') {
    const choices = typeof value === 'boolean' ? ['true', 'false'] : (options ?? [])
    return (
      <select
        {...shared}
        value={String(value)}
        onChange={({ target }) =>
          onChange(typeof value === 'boolean' ? target.value === 'true' : target.value)
        }
        className={`${CONTROL} w-auto! max-w-full font-mono text-small`}
      >
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    )
  }
  return (
    <span className="flex min-h-8 items-center text-small text-ink-3">
      {Array.isArray(value) && t('message.items', { count: value.length })}
      {isRecord(value) && t('message.fieldCount', { count: Object.keys(value).length })}
      {value === null && <code className="font-mono text-code-word">null</code>}
    </span>
  )
}

interface NumberInputProps extends Record<`aria-${string}`, unknown> {
  value: number
  disabled: boolean
  onChange: (value: number) => void
}

/** A number; what is none yet stands here until it is one. */
function NumberInput({ value, onChange, ...rest }: NumberInputProps) {
  const [text, setText] = useState<string>()
  return (
    <input
      {...rest}
      type="text"
      inputMode="decimal"
      value={text ?? String(value)}
      onBlur={() => setText(undefined)}
      onChange={({ target }) => {
        setText(target.value)
        const number = Number(target.value)
        if (target.value.trim() !== '' && Number.isFinite(number)) onChange(number)
      }}
      className={`${CONTROL} tabular max-w-48 font-mono text-small`}
    />
  )
}
