import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceDraft } from '~/api/mutations'
import { flows } from '~/api/queries'
import { useSourceWords } from '~/app/i18n/source-form'
import { CONTROL } from '~/ui/form/Frame'
import { SchemaFields, SchemaForm } from '~/ui/form/SchemaForm'
import { Problem } from '~/ui/Problem'
import type { Change } from '../form/DraftFrame'
import { countOf, type DraftErrors } from '../form/draft'
import { Block, Labelled, More } from '../form/Parts'
import { SecretsContext } from './SecretsForm'
import type { SourceSchemas } from './schemas'
import { VerificationField } from './VerificationField'

interface SourceFormProps {
  schemas: SourceSchemas
  draft: SourceDraft
  /** Told how to change the draft, since a scheme and its secrets change together. */
  onChange: (change: Change<SourceDraft>) => void
  errors: DraftErrors
  /** The scheme whose secrets the server keeps; none for a source that is not made yet. */
  kept?: string | undefined
  /** The buttons at its end. */
  children: ReactNode
  onSubmit: () => void
}

const CUSTOM = { 'config.verification': VerificationField }

/** Fields that stand by themselves, that stand on a page of their own, or that are not set by hand. */
const ELSEWHERE = ['verification', 'reply', 'fields', 'previous']

/** All that a source is told: what each one needs first, the rest folded. */
export function SourceForm({ schemas, draft, onChange, errors, kept, children, onSubmit }: SourceFormProps) {
  const { t } = useTranslation()
  const words = useSourceWords()
  const form = useRef<HTMLFormElement>(null)
  const secrets = useMemo(
    () => ({
      schema: schemas.secrets,
      value: draft.secrets,
      errors: errors.secrets,
      kept,
      onChange: (changed: Record<string, unknown> | undefined) =>
        onChange((before) => ({ ...before, secrets: changed })),
    }),
    [schemas, draft.secrets, errors, kept, onChange],
  )
  useEffect(() => {
    if (countOf(errors) > 0) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [errors])
  if (!words) return null
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
      <Identity draft={draft} onChange={onChange} errors={errors} />
      <SecretsContext value={secrets}>
        <SchemaForm
          schema={schemas.config}
          value={draft.config}
          onChange={(config) =>
            onChange((before) => ({ ...before, config: config as Record<string, unknown> }))
          }
          errors={errors.config}
          words={words}
          custom={CUSTOM}
        >
          <SchemaFields prefix="config" only={['verification']} />
          <Block title={t('sources.reply')}>
            <SchemaFields prefix="config" only={['reply']} />
          </Block>
          <More title={t('sources.more')} note={t('sources.moreNote')} wrong={errors.config.length > 0}>
            <SchemaFields prefix="config" omit={ELSEWHERE} />
          </More>
        </SchemaForm>
      </SecretsContext>
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

/** What a source is called and which flow it starts. */
function Identity({ draft, onChange, errors }: Pick<SourceFormProps, 'draft' | 'onChange' | 'errors'>) {
  const { t } = useTranslation()
  const known = useQuery(flows()).data ?? []
  const control = (field: 'name' | 'flow') => ({
    'aria-invalid': errors[field].length > 0 || undefined,
    'aria-required': true,
  })
  return (
    <div className="grid gap-4 @lg:grid-cols-2">
      <Labelled label={t('columns.name')} errors={errors.name}>
        {(id) => (
          <input
            id={id}
            {...control('name')}
            autoComplete="off"
            maxLength={100}
            placeholder={t('sources.nameExample')}
            value={draft.name}
            onChange={({ target }) => onChange((before) => ({ ...before, name: target.value }))}
            className={`${CONTROL} h-9!`}
          />
        )}
      </Labelled>
      <Labelled label={t('thread.flow')} errors={errors.flow}>
        {(id) => (
          <select
            id={id}
            {...control('flow')}
            value={draft.flow}
            onChange={({ target }) => onChange((before) => ({ ...before, flow: target.value }))}
            className={`${CONTROL} h-9!`}
          >
            {draft.flow === '' && <option value="">{t('sources.chooseFlow')}</option>}
            {known.map(({ id: flow, name }) => (
              <option key={flow} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Labelled>
    </div>
  )
}
