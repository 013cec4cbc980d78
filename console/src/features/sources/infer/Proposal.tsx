import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { inferred as inferredQuery } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Coded } from '~/ui/Coded'
import { Problem } from '~/ui/Problem'
import type { FlowInput, SourceConfig, SourceField } from '../config'
import { useSourceFrame } from '../SourceDraftFrame'
import { useInputs } from '../useInputs'
import type { Webhook } from '../webhook'
import { AddInputs } from './AddInputs'
import { ProposalRow } from './ProposalRow'
import { mappingOf, type Proposed, problemsOf, proposalsOf, uncovered } from './proposal'

interface ProposalProps {
  source: Webhook
  /** The requests that the fields are found in. */
  examples: Schemas['Examples']
}

/** The places in requests, each to be made a field of the source by a click. */
export function Proposal({ source, examples }: ProposalProps) {
  const { t } = useTranslation()
  const found = useQuery(inferredQuery(source.id, examples))
  const inputs = useInputs(source)
  if (found.error) return <Problem error={found.error} retry={() => void found.refetch()} compact />
  if (!found.data || !inputs) return <div className="skeleton mx-4 mb-3 h-24" />
  const fields = found.data.fields as Record<string, SourceField>
  if (Object.keys(fields).length === 0) return <p className="px-4 pb-3 text-ink-3">{t('infer.nothing')}</p>
  return <Rows key={found.dataUpdatedAt} source={source} found={fields} inputs={inputs} />
}

interface RowsProps {
  source: Webhook
  found: Record<string, SourceField>
  inputs: Record<string, FlowInput>
}

function Rows({ source, found, inputs }: RowsProps) {
  const { t } = useTranslation()
  const { draft, change } = useSourceFrame()
  const navigate = useNavigate({ from: '/sources/$source' })
  const names = useId()
  const mapped = useMemo(() => (draft.config as SourceConfig).fields ?? {}, [draft.config])
  const [rows, setRows] = useState(() => proposalsOf(found, mapped, inputs))
  const problems = problemsOf(rows, inputs)
  const chosen = rows.filter((row) => row.chosen)
  const hasNames = ![...problems.values()].some((problem) => problem !== 'unknown')
  const mapping = mappingOf(rows, mapped)
  const apply = () => {
    change((before) => ({ ...before, config: { ...before.config, fields: mapping } }))
    void navigate({
      search: (before) => ({ ...before, tab: 'fields', request: undefined, sample: undefined }),
    })
  }
  return (
    <div className="space-y-3 px-4 pb-4">
      <Table rows={rows} problems={problems} names={names} inputs={inputs} onChange={setRows} />
      <datalist id={names}>
        {Object.keys(inputs).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {chosen.length > 0 && <Uncovered names={uncovered(mapping, inputs)} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button look="primary" disabled={chosen.length === 0 || !hasNames} onClick={apply}>
          {t('infer.apply', { count: chosen.length })}
        </Button>
        <AddInputs source={source} rows={chosen.filter(({ from }) => problems.get(from) === 'unknown')} />
      </div>
    </div>
  )
}

function Uncovered({ names }: { names: string[] }) {
  const { t } = useTranslation()
  if (names.length === 0) return null
  const list = names.map((name) => `\`${name}\``).join(', ')
  return (
    <p className="text-small text-waiting">
      <Coded text={t('infer.uncovered', { names: list })} />
    </p>
  )
}

interface TableProps {
  rows: Proposed[]
  problems: ReturnType<typeof problemsOf>
  /** The id of the list of the flow's inputs. */
  names: string
  inputs: Record<string, FlowInput>
  onChange: (rows: Proposed[]) => void
}

function Table({ rows, problems, names, inputs, onChange }: TableProps) {
  const { t } = useTranslation()
  const all = rows.every((row) => row.chosen)
  return (
    <div className="space-y-2">
      <p className="text-table text-ink-2">{t('infer.text')}</p>
      <div className="rounded-base border border-line">
        <label className="flex items-center gap-2.5 border-b border-line px-2.5 py-1.5 text-small text-ink-2">
          <input
            type="checkbox"
            checked={all}
            onChange={() => onChange(rows.map((row) => ({ ...row, chosen: !all })))}
            className="block size-4 accent-(--accent)"
          />
          {t('infer.all')}
        </label>
        <ul aria-label={t('infer.title')} className="divide-y divide-line">
          {rows.map((row, at) => (
            <ProposalRow
              key={row.from}
              row={row}
              problem={problems.get(row.from)}
              names={names}
              inputs={inputs}
              onChange={(changed) => onChange(rows.with(at, changed))}
            />
          ))}
        </ul>
      </div>
    </div>
  )
}
