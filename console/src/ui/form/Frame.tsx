import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Coded } from '../Coded'
import type { FieldError } from './errors'
import { written } from './value'
import { type Place, useForm } from './words'

/** How every control of a form looks. */
export const CONTROL =
  'h-8 w-full min-w-0 rounded-base border border-line-strong bg-raised px-2.5 text-table outline-offset-0 placeholder:text-ink-3 aria-invalid:border-failed'

/** What a control needs, so that its label, its help and its errors belong to it. */
export interface ControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
  'aria-required': true | undefined
  'aria-label'?: string
}

/** The id of the control at a place, and what is wrong there. */
export function useControl({ path }: Place) {
  const { id, errors } = useForm()
  const place = written(path)
  return { id: `${id}-${place}`, wrong: errors.get(place) ?? [] }
}

/** A label, a control, a word of help and what is wrong, beside each other where there is room. */
export function Frame({
  place,
  label,
  help,
  required,
  group = false,
  stacked = false,
  children,
}: FrameProps) {
  const { id, wrong } = useControl(place)
  const { t } = useTranslation()
  const described = [help && `${id}-help`, wrong.length > 0 && `${id}-wrong`].filter(Boolean).join(' ')
  const control: ControlProps = {
    id,
    'aria-describedby': described || undefined,
    'aria-invalid': wrong.length > 0 || undefined,
    'aria-required': required || undefined,
  }
  const name = (
    <>
      {label}
      {required && (
        <span aria-hidden="true" title={t('form.required')} className="ml-0.5 text-accent">
          *
        </span>
      )}
    </>
  )
  const Box = group ? 'fieldset' : 'div'
  const Name = group ? 'legend' : 'label'
  return (
    <Box
      className={`grid min-w-0 gap-x-5 gap-y-1 ${stacked ? '' : '@xl:grid-cols-[11rem_minmax(0,1fr)]'}`}
      {...(group && described && { 'aria-describedby': described })}
    >
      <Name
        {...(!group && { htmlFor: id })}
        className="text-small leading-5 font-medium text-ink-2 @xl:pt-1.5 @xl:float-left"
      >
        {name}
      </Name>
      <div className="min-w-0">
        {!stacked && children(control)}
        {help && (
          <p id={`${id}-help`} className={`text-small text-ink-3 ${stacked ? 'mb-2' : 'mt-1'}`}>
            <Coded text={help} />
          </p>
        )}
        {stacked && children(control)}
        <Wrong id={`${id}-wrong`} errors={wrong} />
      </div>
    </Box>
  )
}

interface FrameProps {
  place: Place
  label: string
  help?: string | undefined
  required?: boolean
  /** Whether the control is several, so that the label names them all. */
  group?: boolean
  /** Whether the control is wide, so that all stands above it. */
  stacked?: boolean
  children: (control: ControlProps) => ReactNode
}

/** What is wrong at a place, and what to write instead. */
export function Wrong({ id, errors }: { id?: string; errors: readonly FieldError[] }) {
  const { t } = useTranslation()
  if (errors.length === 0) return null
  return (
    <p {...(id && { id })} className="mt-1 text-small text-failed">
      {errors.map(({ code, reason, suggestion }) => (
        <span key={code + reason} className="block">
          <Coded
            text={
              code === 'required' ? t('form.fillIn') : [capital(reason), suggestion].filter(Boolean).join(' ')
            }
          />
        </span>
      ))}
    </p>
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
