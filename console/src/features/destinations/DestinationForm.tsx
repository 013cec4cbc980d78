import { Info } from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useDestinationWords } from '~/app/i18n/destination-form'
import { Coded } from '~/ui/Coded'
import { isWrongWithin, placed } from '~/ui/form/errors'
import { CONTROL } from '~/ui/form/Frame'
import { SchemaFields, SchemaForm } from '~/ui/form/SchemaForm'
import { Problem } from '~/ui/Problem'
import { countOf } from '../form/draft'
import { Labelled, More } from '../form/Parts'
import { AddressField } from './AddressField'
import { POLICY } from './config'
import { type FormFrame, FormFrameContext } from './frame'
import { type Line, linesOf, needsNone, secretsAfter } from './layout'
import { RetryField } from './RetryField'
import { SecretField } from './SecretField'

interface DestinationFormProps extends Omit<FormFrame, 'onSecrets'> {
  kind: string
  onSubmit: () => void
  /** What stands between the settings and the buttons. */
  aside?: ReactNode
  /** The buttons at its end. */
  children: ReactNode
}

const CUSTOM = { 'config.retry': RetryField }

/** All that a destination is told: its name, what its kind needs, and, folded, how it is called. */
export function DestinationForm(props: DestinationFormProps) {
  const { kind, schemas, draft, errors, kept, onChange, onSubmit, aside, children } = props
  const { t } = useTranslation()
  const words = useDestinationWords()
  const form = useRef<HTMLFormElement>(null)
  const frame = useMemo(
    (): FormFrame => ({
      schemas,
      draft,
      errors,
      kept,
      onChange,
      onSecrets: (secrets) => onChange((before) => ({ ...before, secrets })),
    }),
    [schemas, draft, errors, kept, onChange],
  )
  const lines = useMemo(() => linesOf(schemas.config, schemas.secrets), [schemas])
  useEffect(() => {
    if (countOf(errors) > 0) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [errors])
  if (!words) return null
  const wrong = placed(errors.config, schemas.config, draft.config)
  return (
    <form
      ref={form}
      noValidate
      className="@container space-y-6 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <FormFrameContext value={frame}>
        <Name />
        <SchemaForm
          schema={schemas.config}
          value={draft.config}
          onChange={(changed) =>
            onChange((before) => {
              const config = changed as Record<string, unknown>
              return { ...before, config, secrets: secretsAfter(schemas, config, before.secrets, kept) }
            })
          }
          errors={errors.config}
          words={words}
          custom={CUSTOM}
        >
          <div className="space-y-4">
            <Where kind={kind} />
            {lines.map((line) => (
              <LineFields key={line.config ?? line.secret} line={line} />
            ))}
          </div>
          <More
            title={t('destinations.more')}
            note={t('destinations.moreNote')}
            wrong={POLICY.some((name) => isWrongWithin(wrong, [name]))}
          >
            <SchemaFields prefix="config" only={POLICY} />
          </More>
        </SchemaForm>
      </FormFrameContext>
      {aside}
      {errors.whole && <Problem error={errors.whole} compact />}
      {countOf(errors) > 0 && (
        <p role="alert" className="text-small text-failed">
          {t('form.fix', { count: countOf(errors) })}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">{children}</div>
    </form>
  )
}

/** How flows call it. */
function Name() {
  const { t } = useTranslation()
  return (
    <FormFrameContext.Consumer>
      {({ draft, errors, onChange }) => (
        <Labelled label={t('columns.name')} errors={errors.name} help={t('destinations.nameHelp')}>
          {(id) => (
            <input
              id={id}
              aria-required
              aria-invalid={errors.name.length > 0 || undefined}
              autoComplete="off"
              spellCheck={false}
              maxLength={64}
              placeholder="support-group"
              value={draft.name}
              onChange={({ target }) => onChange((before) => ({ ...before, name: target.value }))}
              className={`${CONTROL} h-9! max-w-96`}
            />
          )}
        </Labelled>
      )}
    </FormFrameContext.Consumer>
  )
}

/** Where the vendor shows what is asked for here. */
function Where({ kind }: { kind: string }) {
  const word = useDestinationWords()?.(`where.${kind}`)
  if (!word?.help) return null
  return (
    <div className="flex gap-2.5 rounded-base border border-line bg-sunken px-3.5 py-3">
      <Info size={15} aria-hidden="true" className="mt-0.5 shrink-0 text-ink-3" />
      <div className="min-w-0">
        <p className="text-table font-medium">{word.label}</p>
        <p className="mt-0.5 text-table text-ink-2">
          <Coded text={word.help} />
        </p>
      </div>
    </div>
  )
}

/** A setting, the secret that belongs to it, or both. */
function LineFields({ line: { config, secret } }: { line: Line }) {
  return (
    <FormFrameContext.Consumer>
      {({ schemas, draft }) => {
        if (config === 'url' && secret) return <AddressField name={config} />
        const idle = config !== undefined && needsNone(schemas.config, config, draft.config[config])
        return (
          <>
            {config && <SchemaFields prefix="config" only={[config]} />}
            {secret && !idle && <SecretField name={secret} />}
          </>
        )
      }}
    </FormFrameContext.Consumer>
  )
}
