import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { type SourceView, sourceSchema } from '~/api/queries'
import { useNames } from '~/app/environment'
import { useSourceWords } from '~/app/i18n/source-form'
import { useMayEdit } from '~/app/roles'
import { Button } from '~/ui/Button'
import { SchemaFields, SchemaForm } from '~/ui/form/SchemaForm'
import { Problem } from '~/ui/Problem'
import { FormSkeleton } from '../form/FormSkeleton'
import { Saving } from '../form/Saving'
import type { SourceConfig } from './config'
import { FieldsTable } from './FieldsTable'
import { MappingField } from './MappingField'
import type { SourceSchemas } from './schemas'
import { useInputs } from './useInputs'
import { useSourceDraft } from './useSourceDraft'
import { errorsBySide, WrongElsewhere } from './WrongElsewhere'

/** The fields of a source: where in the request each of the flow's inputs is taken from. */
export function FieldsTab({ source }: { source: SourceView }) {
  const schema = useQuery(sourceSchema())
  const flow = useNames(source.environment).flow(source.flow)
  const mayEdit = useMayEdit()
  if (schema.error) return <Problem error={schema.error} retry={() => void schema.refetch()} />
  if (!schema.data || flow === undefined) return <FormSkeleton />
  if (!mayEdit) {
    return (
      <div className="p-4">
        <FieldsTable source={source} />
      </div>
    )
  }
  return <Mapping source={source} schemas={schema.data as unknown as SourceSchemas} />
}

const CUSTOM = { 'config.fields': MappingField }

function Mapping({ source, schemas }: { source: SourceView; schemas: SourceSchemas }) {
  const { t } = useTranslation()
  const words = useSourceWords()
  const form = useSourceDraft(source, schemas)
  const inputs = useInputs(source)
  const { draft, change } = form
  const isMapped = Object.keys((draft.config as SourceConfig).fields ?? {}).length > 0
  const setConfig = (config: unknown) =>
    change((before) => ({ ...before, config: config as Record<string, unknown> }))
  const begin = () => {
    const entries = Object.entries(inputs ?? {}).map(([name, { type, required }]) => [
      name,
      { type: type ?? 'string', from: `body.${name}`, ...(required && { required }) },
    ])
    setConfig({ ...draft.config, fields: Object.fromEntries(entries) })
  }
  return (
    <form
      noValidate
      className="@container max-w-5xl space-y-4 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!form.overtaken) void form.save()
      }}
    >
      <p className="text-table text-ink-2">{isMapped ? t('sources.mapped') : t('sources.unmapped')}</p>
      {isMapped ? (
        <SchemaForm
          schema={schemas.config}
          value={draft.config}
          onChange={setConfig}
          errors={form.errors.config}
          custom={CUSTOM}
          {...(words && { words })}
        >
          <SchemaFields prefix="config" only={['fields']} />
        </SchemaForm>
      ) : (
        <FieldsTable source={source} />
      )}
      {form.errors.whole && <Problem error={form.errors.whole} compact />}
      <WrongElsewhere side="settings" errors={errorsBySide(form.errors).settings} />
      <div className="flex flex-wrap gap-2">
        {(form.dirty || form.takeBack) && <Saving form={form} />}
        {!isMapped && !form.dirty && inputs && <Button onClick={begin}>{t('sources.mapThem')}</Button>}
        {isMapped && (
          <Button look="quiet" onClick={() => setConfig({ ...draft.config, fields: undefined })}>
            {t('sources.unmapThem')}
          </Button>
        )}
      </div>
    </form>
  )
}
