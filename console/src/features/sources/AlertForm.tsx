import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCreateSource, useUpdateSource } from '~/api/mutations'
import { destinations, flows, type SourceView } from '~/api/queries'
import { useNames } from '~/app/environment'
import { Button } from '~/ui/Button'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { Overtaken, TakenTheirs } from '../form/Overtaken'
import { Asked } from './Asked'
import { ALERTS, type AlertDraft, alertDraftOf, alertErrors, alertSourceOf, NO_ALERT_ERRORS } from './alert'
import { FlowOptions } from './FlowOptions'
import { objectOf } from './schedule'
import { useBegun } from './useBegun'

const LINE = `${CONTROL} h-9! text-prose`

interface AlertFormProps {
  environment: string
  /** The source that is changed; a new one when there is none. */
  source?: SourceView
  onSaved: (source: SourceView) => void
  onCancel: () => void
}

/** Makes or changes a source of alerts. */
export function AlertForm({ environment, source, onSaved, onCancel }: AlertFormProps) {
  const { t } = useTranslation()
  const form = useAlertForm(environment, source, onSaved)
  const { draft, set, errors, busy } = form
  const known = useQuery(destinations(environment)).data?.map(({ name }) => name) ?? []
  // One that is gone stays chosen until a person says otherwise.
  const names = [...new Set([...known, ...draft.destinations])]
  const isObject = objectOf(draft.input) !== undefined
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!form.theirs) form.save()
      }}
    >
      <div className="grid items-start gap-3 sm:grid-cols-2">
        <Asked label={t('columns.name')} errors={errors.name}>
          {(control) => (
            <input
              {...control}
              value={draft.name}
              onChange={({ target }) => set({ name: target.value })}
              className={LINE}
              name="name"
              required
              maxLength={100}
              autoComplete="off"
            />
          )}
        </Asked>
        <Asked label={t('thread.flow')} errors={errors.flow}>
          {(control) => (
            <select
              {...control}
              value={draft.flow}
              onChange={({ target }) => set({ flow: target.value })}
              className={LINE}
              name="flow"
              required
            >
              <FlowOptions chosen={draft.flow} />
            </select>
          )}
        </Asked>
      </div>
      <Asked label={t('sources.alertKinds')} note={t('sources.alertKindsNote')} errors={errors.alerts}>
        {(control) => (
          <Choices
            control={control}
            all={ALERTS}
            chosen={draft.alerts}
            word={(alert) => t(`sources.alerts.${alert}`)}
            onChange={(alerts) => set({ alerts })}
          />
        )}
      </Asked>
      {names.length > 0 && (
        <Asked label={t('sources.alertOf')} note={t('sources.alertOfNote')} errors={errors.destinations}>
          {(control) => (
            <Choices
              control={control}
              all={names}
              chosen={draft.destinations}
              word={(name) => name}
              onChange={(chosen) => set({ destinations: chosen })}
            />
          )}
        </Asked>
      )}
      <Asked
        label={t('sources.input')}
        note={t('sources.alertInputNote')}
        errors={isObject ? errors.input : [{ field: 'input', code: 'json', reason: t('sources.inputWrong') }]}
      >
        {(control) => (
          <textarea
            {...control}
            value={draft.input}
            onChange={({ target }) => set({ input: target.value })}
            className={`${LINE} h-auto! py-1.5 font-mono text-small!`}
            rows={3}
            spellCheck={false}
          />
        )}
      </Asked>
      {form.theirs ? (
        <Overtaken theirs={form.theirs} mine={form.mine} onTheirs={form.takeTheirs} onMine={form.takeMine} />
      ) : (
        <>
          {errors.whole && <Problem error={errors.whole} compact />}
          {form.takeBack && <TakenTheirs onBack={form.takeBack} />}
          <div className="flex justify-end gap-2">
            <Button onClick={onCancel}>{t('cancel')}</Button>
            <Button type="submit" look="primary" busy={busy} disabled={!isObject}>
              {t(source ? 'sources.save' : 'sources.makeAlerts')}
            </Button>
          </div>
        </>
      )}
    </form>
  )
}

interface ChoicesProps<T extends string> {
  control: { id: string; 'aria-describedby'?: string | undefined }
  all: readonly T[]
  chosen: T[]
  word: (one: T) => string
  onChange: (chosen: T[]) => void
}

/** Any of a few. */
function Choices<T extends string>({ control, all, chosen, word, onChange }: ChoicesProps<T>) {
  return (
    <fieldset
      id={control.id}
      aria-describedby={control['aria-describedby']}
      className="thin-scroll grid max-h-40 gap-x-4 gap-y-1.5 overflow-y-auto sm:grid-cols-2"
    >
      {all.map((one) => (
        <label key={one} className="flex min-w-0 items-center gap-2 text-prose">
          <input
            type="checkbox"
            className="accent-accent"
            checked={chosen.includes(one)}
            onChange={({ target }) =>
              onChange(all.filter((other) => (other === one ? target.checked : chosen.includes(other))))
            }
          />
          <span className="truncate">{word(one)}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** What is written, what is wrong in it, and the way to save it. */
function useAlertForm(
  environment: string,
  source: SourceView | undefined,
  onSaved: (source: SourceView) => void,
) {
  const first = useQuery(flows()).data?.[0]?.name ?? ''
  const current = useNames(environment).flow(source?.flow ?? '')
  const [draft, setDraft] = useState<AlertDraft>(() => alertDraftOf(source))
  const [errors, setErrors] = useState(NO_ALERT_ERRORS)
  const create = useCreateSource(environment)
  const update = useUpdateSource(source?.id ?? '')
  const saving = source ? update : create
  const filled = { ...draft, flow: draft.flow || (current ?? first) }
  const mine = alertSourceOf(filled, source?.enabled ?? true)
  const begun = useBegun(environment, source, mine, saving.isPending)
  const save = () =>
    saving.mutate(
      { ...mine, ...(source && { unless_changed_since: source.updated_at }) },
      { onSuccess: onSaved, onError: (error: unknown) => setErrors(alertErrors(error)) },
    )
  return {
    draft: filled,
    errors,
    busy: saving.isPending,
    set: (change: Partial<AlertDraft>) => {
      setDraft((before) => ({ ...before, ...change }))
      setErrors(NO_ALERT_ERRORS)
    },
    theirs: begun.theirs,
    takeBack: begun.takeBack,
    mine,
    takeTheirs: () => {
      setDraft(alertDraftOf(source))
      setErrors(NO_ALERT_ERRORS)
      begun.rebase(() => setDraft(draft))
    },
    takeMine: () => {
      begun.rebase()
      save()
    },
    save,
  }
}
