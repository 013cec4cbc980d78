import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Shape } from '~/ui/form/schema'
import { Constant } from './Constant'
import { useMessage } from './frame'
import { JsonDialog } from './JsonDialog'
import { ModeMenu } from './ModeMenu'
import { blankIn } from './model/fields'
import { asMode, type Mode, modeOf, variableText } from './model/mapping'
import { TextValue } from './TextValue'

/** What a field may be where any JSON may stand. */
const ANY: readonly Mode[] = ['text', 'number', 'boolean', 'null', 'list', 'object']

interface ValueCellProps {
  /** The field's name, for those who cannot see where it stands. */
  name: string
  value: unknown
  shape: Shape | undefined
  /** Ids of what describes it. */
  describedBy?: string | undefined
  wrong: boolean
  onChange: (value: unknown) => void
}

/** A value, and how it is given. */
export function ValueCell({ name, value, shape, describedBy, wrong, onChange }: ValueCellProps) {
  const { t } = useTranslation()
  const { pick, mayEdit } = useMessage()
  const cell = useRef<HTMLDivElement>(null)
  const [writing, setWriting] = useState(false)
  const [asJson, setAsJson] = useState(false)
  const mode = value === undefined ? undefined : modeOf(value)
  const constants = constantsOf(shape)

  const focus = () =>
    requestAnimationFrame(() =>
      cell.current?.querySelector<HTMLElement>('textarea, input, select, [data-chip]')?.focus(),
    )
  const choose = (chosen: Mode | 'json') => {
    if (chosen === 'json') return setAsJson(true)
    if (chosen === 'variable') {
      cell.current?.querySelector('button')?.focus()
      return pick((path) => {
        setWriting(false)
        onChange(variableText(path))
      })
    }
    setWriting(chosen === 'template')
    const first = value === undefined && chosen !== 'template' && constants.length < ANY.length
    onChange(first ? blankIn(shape) : asMode(chosen, chosen === 'text' && mode === 'variable' ? '' : value))
    focus()
  }
  const control = { name, describedBy, wrong, disabled: !mayEdit, onChange }
  return (
    <div ref={cell} className="flex min-w-0 items-start gap-1.5">
      {mayEdit && (
        <ModeMenu name={name} mode={mode} constants={constants} json={acceptsJson(shape)} onChoose={choose} />
      )}
      {typeof value === 'string' && !isChoice(shape, value) && (
        <TextValue {...control} value={value} writing={writing} onWriting={setWriting} />
      )}
      {value !== undefined && (typeof value !== 'string' || isChoice(shape, value)) && (
        <Constant {...control} value={value} options={shape?.kind === 'choice' ? shape.options : undefined} />
      )}
      {value === undefined && !mayEdit && <span className="py-1.5 text-ink-3">{t('message.notSet')}</span>}
      {asJson && <JsonDialog name={name} value={value} onClose={() => setAsJson(false)} onApply={onChange} />}
    </div>
  )
}

function isChoice(shape: Shape | undefined, value: string): boolean {
  return shape?.kind === 'choice' && shape.options.includes(value)
}

/** The constants that fit what a field's form asks for. */
function constantsOf(shape: Shape | undefined): readonly Mode[] {
  const own = constantOf(shape)
  if (!own) return ANY
  return shape?.nullable ? [own, 'null'] : [own]
}

function constantOf(shape: Shape | undefined): Mode | undefined {
  switch (shape?.kind) {
    case 'text':
    case 'choice':
    case 'quantity':
    case 'secret':
      return 'text'
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'object':
    case 'map':
      return 'object'
    case 'list':
    case 'lines':
    case 'choices':
      return 'list'
    default:
      return shape?.schema.type === 'array' ? 'list' : undefined
  }
}

function acceptsJson(shape: Shape | undefined): boolean {
  const own = constantOf(shape)
  return own === undefined || own === 'object' || own === 'list'
}
