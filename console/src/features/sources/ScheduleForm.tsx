import { useQuery } from '@tanstack/react-query'
import { memo, useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCreateSource, useUpdateSource } from '~/api/mutations'
import { asProblem } from '~/api/problem'
import { flows, preview, type SourceView } from '~/api/queries'
import { useNames } from '~/app/environment'
import { Button } from '~/ui/Button'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { Overtaken, TakenTheirs } from '../form/Overtaken'
import { Asked } from './Asked'
import { FlowOptions } from './FlowOptions'
import { NextTicks } from './NextTicks'
import {
  draftOf,
  MISSED,
  NO_SCHEDULE_ERRORS,
  objectOf,
  type ScheduleAsk,
  type ScheduleDraft,
  scheduleErrors,
  sourceOf,
  timeZones,
} from './schedule'
import { useBegun } from './useBegun'

const LINE = `${CONTROL} h-9! text-prose`

interface ScheduleFormProps {
  environment: string
  /** The schedule that is changed; a new one when there is none. */
  source?: SourceView
  onSaved: (source: SourceView) => void
  onCancel: () => void
}

/** Makes or changes a schedule, and shows meanwhile when it would tick. */
export function ScheduleForm({ environment, source, onSaved, onCancel }: ScheduleFormProps) {
  const { t } = useTranslation()
  const form = useScheduleForm(environment, source, onSaved)
  const { draft, set, errors } = form
  const shown = useDeferredValue(draft)
  // What is wrong with the time is known while it is written.
  const early = scheduleErrors(useQuery(preview(shown.cron, shown.time_zone)).error)
  const isObject = objectOf(draft.input) !== undefined
  const line = (field: ScheduleAsk, more = '') => ({
    value: draft[field],
    onChange: ({ target }: { target: { value: string } }) => set(field, target.value),
    className: `${LINE} ${more}`,
  })
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!form.theirs) form.save()
      }}
    >
      <div className="grid items-start gap-3 sm:grid-cols-2">
        <Asked label={t('columns.name')} errors={errors.name}>
          {(control) => (
            <input {...control} {...line('name')} name="name" required maxLength={100} autoComplete="off" />
          )}
        </Asked>
        <Asked label={t('thread.flow')} errors={errors.flow}>
          {(control) => (
            <select {...control} {...line('flow')} name="flow" required>
              <FlowOptions chosen={draft.flow} />
            </select>
          )}
        </Asked>
        <Asked label={t('sources.cron')} errors={errors.cron ?? early.cron}>
          {(control) => <input {...control} {...line('cron', 'font-mono')} spellCheck={false} />}
        </Asked>
        <Asked label={t('sources.timeZone')} errors={errors.time_zone ?? early.time_zone}>
          {(control) => (
            <>
              <input {...control} {...line('time_zone')} list={`${control.id}-zones`} spellCheck={false} />
              <Zones id={`${control.id}-zones`} />
            </>
          )}
        </Asked>
      </div>
      <div className="min-h-32 rounded-base border border-line bg-sunken p-3">
        <NextTicks cron={shown.cron} zone={shown.time_zone} />
      </div>
      <Asked label={t('sources.missed')} errors={errors.missed}>
        {(control) => (
          <select {...control} {...line('missed')} name="missed">
            {MISSED.map((policy) => (
              <option key={policy} value={policy}>
                {t(`sources.missedHow.${policy}`)}
              </option>
            ))}
          </select>
        )}
      </Asked>
      <Asked
        label={t('sources.input')}
        note={t('sources.inputNote')}
        errors={isObject ? errors.input : [{ field: 'input', code: 'json', reason: t('sources.inputWrong') }]}
      >
        {(control) => (
          <textarea
            {...control}
            {...line('input', 'h-auto! py-1.5 font-mono text-small!')}
            rows={4}
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
            <Button type="submit" look="primary" busy={form.busy} disabled={!isObject}>
              {t(source ? 'sources.save' : 'sources.make')}
            </Button>
          </div>
        </>
      )}
    </form>
  )
}

/** What is written of a schedule, what is wrong in it, and the way to save it. */
function useScheduleForm(
  environment: string,
  source: SourceView | undefined,
  onSaved: (source: SourceView) => void,
) {
  const first = useQuery(flows()).data?.[0]?.name ?? ''
  const current = useNames(environment).flow(source?.flow ?? '')
  const [draft, setDraft] = useState<ScheduleDraft>(() => draftOf(source))
  const [errors, setErrors] = useState(NO_SCHEDULE_ERRORS)
  const create = useCreateSource(environment)
  const update = useUpdateSource(source?.id ?? '')
  const saving = source ? update : create
  const filled = { ...draft, flow: draft.flow || (current ?? first) }
  const mine = sourceOf(filled, source?.enabled ?? true)
  const begun = useBegun(environment, source, mine, saving.isPending)
  const save = () =>
    saving.mutate(
      { ...mine, ...(source && { unless_changed_since: source.updated_at }) },
      { onSuccess: onSaved, onError: (error: unknown) => setErrors(scheduleErrors(asProblem(error))) },
    )
  return {
    draft: filled,
    errors,
    busy: saving.isPending,
    set: (field: ScheduleAsk, value: string) => {
      setDraft((before) => ({ ...before, [field]: value }))
      setErrors(({ [field]: _, whole: __, ...others }) => others)
    },
    theirs: begun.theirs,
    takeBack: begun.takeBack,
    mine,
    takeTheirs: () => {
      setDraft(draftOf(source))
      setErrors(NO_SCHEDULE_ERRORS)
      begun.rebase(() => setDraft(draft))
    },
    takeMine: () => {
      begun.rebase()
      save()
    },
    save,
  }
}

/** Hundreds of names: not made again with every key that is pressed. */
const Zones = memo(({ id }: { id: string }) => (
  <datalist id={id}>
    {timeZones().map((name) => (
      <option key={name} value={name} />
    ))}
  </datalist>
))
