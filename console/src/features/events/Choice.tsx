import { useId } from 'react'
import { CONTROL } from '~/ui/form/Frame'

/** One of a few, with its label above. */
export function Choice({ label, value, options, onChoose }: ChoiceProps) {
  const id = useId()
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="block text-small font-medium text-ink-2">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChoose(event.target.value)}
        className={`${CONTROL} mt-1`}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  )
}

export interface ChoiceProps {
  label: string
  value: string
  options: { value: string; label: string }[]
  onChoose: (value: string) => void
}
