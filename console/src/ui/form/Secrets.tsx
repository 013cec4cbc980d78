import { Eye, EyeOff, Plus, RefreshCw, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../Button'
import { CopyButton } from '../Copy'
import { IconButton } from '../IconButton'
import { CONTROL, type ControlProps } from './Frame'

interface SecretProps {
  value: unknown
  onChange: (value: unknown) => void
  control: ControlProps
  label: string
  /** Makes one, where this side makes it. */
  generate: (() => string) | undefined
}

/** A secret that is written and never read back; here it can be made, seen and copied before it is sent. */
export function SecretControl({ value, onChange, control, label, generate }: SecretProps) {
  const { t } = useTranslation()
  const [seen, setSeen] = useState(false)
  const text = typeof value === 'string' ? value : ''
  return (
    <div className="flex items-center gap-1">
      <input
        {...control}
        type={seen ? 'text' : 'password'}
        autoComplete="new-password"
        spellCheck={false}
        value={text}
        onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
        className={`${CONTROL} font-mono text-small`}
      />
      <IconButton
        icon={seen ? EyeOff : Eye}
        label={seen ? t('form.hide') : t('form.show')}
        onClick={() => setSeen(!seen)}
      />
      {text !== '' && <CopyButton text={text} what={label} className="size-7!" />}
      {generate && (
        <Button
          onClick={() => {
            onChange(generate())
            setSeen(true)
          }}
        >
          <RefreshCw size={13} aria-hidden="true" />
          {t('form.generate')}
        </Button>
      )}
    </div>
  )
}

/** Several secrets: one at first, more while one replaces another. */
export function SecretsControl({ value, onChange, control, label, generate }: SecretProps) {
  const { t } = useTranslation()
  const all = Array.isArray(value) && value.length > 0 ? (value as string[]) : ['']
  const set = (place: number, secret: unknown) =>
    onChange(all.map((one, at) => (at === place ? (secret ?? '') : one)))
  return (
    <div className="space-y-1.5">
      {all.map((secret, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a secret has nothing but its place
        <div key={place} className="flex items-center gap-1">
          <div className="min-w-0 flex-1">
            <SecretControl
              value={secret}
              onChange={(changed) => set(place, changed)}
              control={place === 0 ? control : { ...control, id: `${control.id}-${place}` }}
              label={label}
              generate={generate}
            />
          </div>
          {all.length > 1 && (
            <IconButton
              icon={X}
              label={t('form.remove')}
              onClick={() => onChange(all.filter((_, at) => at !== place))}
            />
          )}
        </div>
      ))}
      {all.every((secret) => secret !== '') && (
        <Button look="quiet" onClick={() => onChange([...all, ''])}>
          <Plus size={13} aria-hidden="true" />
          {t('form.another')}
        </Button>
      )}
    </div>
  )
}
