import { useTranslation } from 'react-i18next'
import type { SourceView } from '~/api/queries'
import { exampleOf, type SourceConfig, type SourceField } from './config'
import { useInputs } from './useInputs'

/** What a source takes, and where in the request each value is looked for. */
export function FieldsTable({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const inputs = useInputs(source)
  if (!inputs) return <div className="skeleton h-24" />
  const fields = fieldsOf(source.config as SourceConfig, inputs)
  if (fields.length === 0) return <p className="text-ink-3">{t('flows.noFields')}</p>
  return (
    <div className="thin-scroll overflow-x-auto">
      <table className="w-full text-left text-table">
        <caption className="sr-only">{t('trace.fields')}</caption>
        <thead>
          <tr className="border-b border-line text-small text-ink-3">
            {[t('columns.name'), t('sources.type'), t('sources.from'), t('sources.meaning')].map((head) => (
              <th key={head} scope="col" className="py-1.5 pr-4 font-normal whitespace-nowrap">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fields.map(([name, field]) => (
            <tr key={name} className="border-b border-line align-baseline">
              <th scope="row" className="py-1.5 pr-4 font-mono text-small font-normal whitespace-nowrap">
                {name}
                {field.required && (
                  <span className="ml-2 font-sans text-micro text-accent">{t('flows.required')}</span>
                )}
              </th>
              <td className="py-1.5 pr-4 text-ink-2">{String(field.type ?? 'string')}</td>
              <td className="py-1.5 pr-4 font-mono text-small break-all text-ink-2">{field.from}</td>
              <td className="py-1.5 text-ink-2">
                {field.description}
                <span className="block text-small text-ink-3">
                  {t('flows.example', { value: JSON.stringify(exampleOf(field)) })}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The source's own mapping or, where it has none, each input by its own name. */
function fieldsOf(config: SourceConfig, inputs: Record<string, SourceField>): [string, SourceField][] {
  const mapped = Object.entries(config.fields ?? {})
  if (mapped.length > 0) return mapped.map(([name, field]) => [name, { ...inputs[name], ...field }])
  return Object.entries(inputs).map(([name, field]) => [name, { ...field, from: `body.${name}` }])
}
