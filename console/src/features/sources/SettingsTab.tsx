import { useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { type SourceView, sourceSchema } from '~/api/queries'
import { useNames } from '~/app/environment'
import { useMayEdit } from '~/app/roles'
import { Problem } from '~/ui/Problem'
import { exact } from '~/ui/time'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { FormSkeleton } from '../form/FormSkeleton'
import { Saving } from '../form/Saving'
import type { SourceConfig } from './config'
import { DeleteSource } from './DeleteSource'
import { RotateSecrets } from './RotateSecrets'
import { SourceForm } from './SourceForm'
import type { SourceSchemas } from './schemas'
import { useSourceDraft } from './useSourceDraft'
import { errorsBySide, WrongElsewhere } from './WrongElsewhere'

/** Everything a source is told, to be changed. */
export function SettingsTab({ source }: { source: SourceView }) {
  const schema = useQuery(sourceSchema())
  const flow = useNames(source.environment).flow(source.flow)
  const mayEdit = useMayEdit()
  if (!mayEdit) return <Yaml text={toYaml(source.config)} />
  if (schema.error) return <Problem error={schema.error} retry={() => void schema.refetch()} />
  if (!schema.data || flow === undefined) return <FormSkeleton />
  return <Settings source={source} schemas={schema.data as unknown as SourceSchemas} />
}

function Settings({ source, schemas }: { source: SourceView; schemas: SourceSchemas }) {
  const { t, i18n } = useTranslation()
  const form = useSourceDraft(source, schemas)
  const { fields: elsewhere, settings } = useMemo(() => errorsBySide(form.errors), [form.errors])
  return (
    <div className="max-w-4xl">
      {source.previous_until && (
        <p className="flex items-center gap-2 px-4 pt-4 text-table text-ink-2">
          <KeyRound size={14} aria-hidden="true" className="shrink-0 text-waiting" />
          {t('sources.previousUntil', { until: exact(Date.parse(source.previous_until), i18n.language) })}
        </p>
      )}
      <SourceForm
        schemas={schemas}
        draft={form.draft}
        onChange={form.change}
        errors={settings}
        kept={(source.config as SourceConfig).verification?.scheme}
        onSubmit={() => form.overtaken || void form.save()}
      >
        <Saving form={form} />
        <WrongElsewhere side="fields" errors={elsewhere} />
        <span className="ml-auto flex flex-wrap gap-2">
          <RotateSecrets source={source} schemas={schemas} disabled={form.dirty} />
          <DeleteSource source={source} />
        </span>
      </SourceForm>
    </div>
  )
}
