import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/Frame'
import type { FlowInput } from '../config'
import { type Proposed, type RowProblem, renamed } from './proposal'

/** The types that a field can have; an array may say of what. */
const TYPES = ['string', 'number', 'integer', 'boolean', 'date-time', 'object', 'array', 'file']

/** A row's parts beside each other where there is room; on a phone they wrap below where the value was found. */
const GRID = 'grid min-w-0 flex-1 gap-x-3 gap-y-1.5 @2xl:grid-cols-[minmax(0,2fr)_minmax(8rem,1fr)_9rem_6rem]'

interface ProposalRowProps {
  row: Proposed
  problem: RowProblem | undefined
  /** The id of the list of the flow's inputs. */
  names: string
  inputs: Record<string, FlowInput>
  onChange: (row: Proposed) => void
}

/** A place in the requests: a click makes it a field, which can then be named. */
export function ProposalRow({ row, problem, names, inputs, onChange }: ProposalRowProps) {
  const id = useId()
  const { from, chosen, example } = row
  return (
    <li className={`flex items-start gap-2.5 px-2.5 py-1.5 ${chosen ? 'bg-selected' : 'hover:bg-hover'}`}>
      <input
        id={id}
        type="checkbox"
        checked={chosen}
        onChange={() => onChange({ ...row, chosen: !chosen })}
        className="mt-0.5 block size-4 shrink-0 accent-(--accent)"
      />
      <div className={GRID}>
        <label htmlFor={id} title={from} className="block min-w-0 font-mono text-small">
          <span className="block truncate">{from}</span>
          <span className="block truncate text-ink-3">{exampleText(example)}</span>
        </label>
        {chosen ? (
          <Editing row={row} problem={problem} names={names} inputs={inputs} onChange={onChange} />
        ) : (
          <Shown row={row} />
        )}
      </div>
    </li>
  )
}

function Shown({ row: { name, type, required } }: Pick<ProposalRowProps, 'row'>) {
  const { t } = useTranslation()
  return (
    <div className="contents text-small text-ink-3 @max-2xl:hidden">
      <span className="truncate px-2.5 font-mono">{name}</span>
      <span className="truncate px-2.5 font-mono">{type}</span>
      <span className="whitespace-nowrap">{required && t('infer.always')}</span>
    </div>
  )
}

function Editing({ row, problem, names, inputs, onChange }: ProposalRowProps) {
  const { t } = useTranslation()
  const id = useId()
  const isWrong = problem !== undefined && problem !== 'unknown'
  return (
    <>
      <div className="min-w-0">
        <input
          aria-label={t('infer.nameOf', { from: row.from })}
          aria-invalid={isWrong || undefined}
          aria-describedby={problem && `${id}-problem`}
          list={names}
          value={row.name}
          spellCheck={false}
          autoComplete="off"
          onChange={({ target }) => onChange(renamed(row, target.value.trim(), inputs))}
          className={`${CONTROL} font-mono text-small`}
        />
        {problem && (
          <p id={`${id}-problem`} className={`mt-0.5 text-small ${isWrong ? 'text-failed' : 'text-waiting'}`}>
            {t(`infer.problems.${problem}`)}
          </p>
        )}
      </div>
      <div className="min-w-0">
        <input
          aria-label={t('infer.typeOf', { from: row.from })}
          list={`${id}-types`}
          value={row.type}
          spellCheck={false}
          autoComplete="off"
          onChange={({ target }) => onChange({ ...row, type: target.value.trim() })}
          className={`${CONTROL} font-mono text-small`}
        />
        <datalist id={`${id}-types`}>
          {TYPES.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
      </div>
      <label className="inline-flex h-8 items-center gap-1.5 text-table whitespace-nowrap">
        <input
          type="checkbox"
          aria-label={t('infer.requiredOf', { from: row.from })}
          checked={row.required}
          onChange={() => onChange({ ...row, required: !row.required })}
          className="size-4 accent-(--accent)"
        />
        {t('infer.required')}
      </label>
    </>
  )
}

/** A value in a line. */
function exampleText(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
