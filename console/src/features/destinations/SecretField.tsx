import { KeyRound } from 'lucide-react'
import { useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { useDestinationWords } from '~/app/i18n/destination-form'
import { Button } from '~/ui/Button'
import { Wrong } from '~/ui/form/Frame'
import { SchemaFields, SchemaForm } from '~/ui/form/SchemaForm'
import { withKey } from '~/ui/form/value'
import { signingKey } from '../form/random'
import { FormFrameContext } from './frame'

const generate = (key: string) => (key === 'secrets.signing' ? signingKey : undefined)

/** A secret: asked for, or, when the server keeps one already, only said to be set. */
export function SecretField({ name }: { name: string }) {
  const { schemas, draft, kept, errors, onSecrets } = useContext(FormFrameContext)
  const words = useDestinationWords()
  const own = draft.secrets?.[name]
  const stored = kept.includes(name)
  const set = (value: unknown) => {
    const after = withKey(draft.secrets, name, value)
    onSecrets(Object.keys(after).length > 0 ? after : undefined)
  }
  if (stored && (own === undefined || own === null)) {
    return <Kept name={name} removed={own === null} onChange={set} />
  }
  return (
    <div className="space-y-1.5">
      <SchemaForm
        schema={schemas.secrets}
        value={draft.secrets}
        onChange={(changed) => set((changed as Record<string, unknown>)[name] ?? (stored ? '' : undefined))}
        errors={errors.secrets}
        generate={generate}
        {...(words && { words })}
      >
        <SchemaFields prefix="secrets" only={[name]} />
      </SchemaForm>
      {stored && <KeepButton onKeep={() => set(undefined)} />}
    </div>
  )
}

function KeepButton({ onKeep }: { onKeep: () => void }) {
  const { t } = useTranslation()
  return (
    <Button look="quiet" onClick={onKeep} className="@xl:ml-49">
      {t('destinations.keepSecret')}
    </Button>
  )
}

interface KeptProps {
  name: string
  /** Whether it is taken away when this is saved. */
  removed: boolean
  onChange: (value: unknown) => void
}

/** A secret that the server keeps: it can be replaced, or taken away where it is not needed. */
function Kept({ name, removed, onChange }: KeptProps) {
  const { t } = useTranslation()
  const { schemas, errors } = useContext(FormFrameContext)
  const label = useDestinationWords()?.(`secrets.${name}`)?.label ?? name
  const required = schemas.secrets.required?.includes(name) ?? false
  const { type } = schemas.secrets.properties?.[name] ?? {}
  const blank = type === 'array' ? [''] : type === 'object' ? {} : ''
  return (
    <fieldset className="grid min-w-0 items-center gap-x-5 gap-y-1 @xl:grid-cols-[11rem_minmax(0,1fr)]">
      <legend className="float-left text-small leading-5 font-medium text-ink-2">{label}</legend>
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 text-table text-ink-2">
        <KeyRound size={14} aria-hidden="true" className="text-ink-3" />
        {removed ? t('destinations.secretGoes') : t('destinations.secretSet')}
        {removed ? (
          <Button onClick={() => onChange(undefined)}>{t('destinations.keepSecret')}</Button>
        ) : (
          <>
            <Button onClick={() => onChange(blank)}>{t('destinations.replaceSecret')}</Button>
            {!required && (
              <Button look="quiet" onClick={() => onChange(null)}>
                {t('form.remove')}
              </Button>
            )}
          </>
        )}
      </div>
      <Wrong errors={errors.secrets.filter(({ field }) => field === name)} />
    </fieldset>
  )
}
