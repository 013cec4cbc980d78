import { Variable } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/Frame'
import { IconButton } from '~/ui/IconButton'
import { useMessage } from './frame'
import { inserted, isTemplate, variableOf, variableText } from './model/mapping'

interface TextValueProps {
  name: string
  value: string
  describedBy: string | undefined
  wrong: boolean
  disabled: boolean
  /** Whether it is written as an expression, so that no variable takes its place meanwhile. */
  writing: boolean
  onWriting: (writing: boolean) => void
  onChange: (value: string) => void
}

/** A text: a variable that stands alone is one piece, all else is written. `{{` lets a variable be chosen. */
export function TextValue(props: TextValueProps) {
  const { name, value, describedBy, wrong, disabled, writing, onWriting, onChange } = props
  const { t } = useTranslation()
  const { pick } = useMessage()
  const area = useRef<HTMLTextAreaElement>(null)
  const variable = variableOf(value)
  if (variable !== undefined && !writing) {
    return (
      <button
        type="button"
        data-chip
        disabled={disabled}
        aria-label={t('message.chip', { name, path: variable })}
        aria-describedby={describedBy}
        onClick={() => pick((path) => onChange(variableText(path)))}
        className={`h-8 min-w-0 flex-1 truncate rounded-base border bg-sunken px-2.5 text-left font-mono text-small text-code-key hover:bg-hover ${wrong ? 'border-failed' : 'border-line-strong'}`}
      >
        {variable}
      </button>
    )
  }
  const insert = (from: string, caret: number) =>
    pick((path) => {
      const next = inserted(from, caret, path)
      onWriting(true)
      onChange(next.text)
      requestAnimationFrame(() => {
        area.current?.focus()
        area.current?.setSelectionRange(next.caret, next.caret)
      })
    })
  const isCode = writing || isTemplate(value)
  return (
    <div className="relative min-w-0 flex-1">
      <textarea
        ref={area}
        rows={Math.min(12, value.split('\n').length)}
        spellCheck={false}
        disabled={disabled}
        aria-label={name}
        aria-invalid={wrong || undefined}
        aria-describedby={describedBy}
        value={value}
        placeholder={writing ? '{{ input.total * 1.1 }}' : undefined}
        onFocus={() => onWriting(true)}
        onBlur={() => onWriting(false)}
        onChange={({ target }) => {
          onChange(target.value)
          const caret = target.selectionStart
          const isOpening =
            target.value.length === value.length + 1 && target.value.slice(0, caret).endsWith('{{')
          if (isOpening) insert(target.value, caret)
        }}
        className={`${CONTROL} block h-auto! min-h-8 resize-none py-1.5 pr-9 leading-[18px] [field-sizing:content] ${isCode ? 'font-mono text-small' : ''}`}
      />
      {!disabled && (
        <IconButton
          icon={Variable}
          label={t('message.insert', { name })}
          className="absolute top-0.5 right-0.5"
          // The caret stays where it is.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => insert(value, area.current?.selectionStart ?? value.length)}
        />
      )}
    </div>
  )
}
