import { useQuery } from '@tanstack/react-query'
import { memo, type ReactNode, useDeferredValue, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SourceDraft, useCreateSource, useUpdateSource } from '~/api/mutations'
import { flows, type SourceView } from '~/api/queries'
import { useNames } from '~/app/environment'
import { Button } from '~/ui/Button'
import { Problem } from '~/ui/Problem'
import { NextTicks } from './NextTicks'
import { MISSED, type Missed, objectOf, type ScheduleConfig, timeZones } from './schedule'

const FIELD =
  'w-full rounded-base border border-line-strong bg-surface px-2.5 text-prose font-normal text-ink'
const LINE = `${FIELD} h-9`

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
  const known = source?.config as ScheduleConfig | undefined
  const [cron, setCron] = useState(known?.cron ?? '0 9 * * MON-FRI')
  const [zone, setZone] = useState(known ? (known.time_zone ?? 'UTC') : (timeZones()[0] ?? 'UTC'))
  const [input, setInput] = useState(JSON.stringify(known?.input ?? {}, null, 2))
  const shown = useDeferredValue({ cron, zone })
  const create = useCreateSource(environment)
  const update = useUpdateSource(source?.id ?? '')
  const save = source ? update : create
  const value = objectOf(input)
  const zones = useId()
  const submit = (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? '')
    const config = { cron, time_zone: zone, input: value, missed: text('missed') as Missed }
    const enabled = source?.enabled ?? true
    const wanted: SourceDraft = { kind: 'schedule', name: text('name'), flow: text('flow'), enabled, config }
    save.mutate(wanted, { onSuccess: onSaved })
  }
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault()
        submit(new FormData(event.currentTarget))
      }}
    >
      <div className="grid grid-cols-2 gap-3">
        <Labelled label={t('columns.name')}>
          <input name="name" required maxLength={100} defaultValue={source?.name} className={LINE} />
        </Labelled>
        <FlowChoice environment={environment} source={source} />
        <Labelled label={t('sources.cron')}>
          <input
            value={cron}
            onChange={(event) => setCron(event.target.value)}
            spellCheck={false}
            className={`${LINE} font-mono`}
          />
        </Labelled>
        <Labelled label={t('sources.timeZone')}>
          <input
            value={zone}
            onChange={(event) => setZone(event.target.value)}
            list={zones}
            spellCheck={false}
            className={LINE}
          />
          <Zones id={zones} />
        </Labelled>
      </div>
      <div className="min-h-32 rounded-base border border-line bg-sunken p-3">
        <NextTicks cron={shown.cron} zone={shown.zone} />
      </div>
      <Labelled label={t('sources.missed')}>
        <select name="missed" defaultValue={known?.missed ?? 'one'} className={LINE}>
          {MISSED.map((policy) => (
            <option key={policy} value={policy}>
              {t(`sources.missedHow.${policy}`)}
            </option>
          ))}
        </select>
      </Labelled>
      <Labelled label={t('sources.input')} note={value ? t('sources.inputNote') : t('sources.inputWrong')}>
        <textarea
          value={input}
          onChange={(event) => setInput(event.target.value)}
          rows={4}
          spellCheck={false}
          aria-invalid={value === undefined}
          className={`${FIELD} py-1.5 font-mono text-small`}
        />
      </Labelled>
      {save.error && <Problem error={save.error} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={save.isPending} disabled={value === undefined}>
          {t(source ? 'sources.save' : 'sources.make')}
        </Button>
      </div>
    </form>
  )
}

/** Hundreds of names: not made again with every key that is pressed. */
const Zones = memo(({ id }: { id: string }) => (
  <datalist id={id}>
    {timeZones().map((name) => (
      <option key={name} value={name} />
    ))}
  </datalist>
))

function FlowChoice({ environment, source }: { environment: string; source: SourceView | undefined }) {
  const { t } = useTranslation()
  const known = useQuery(flows()).data ?? []
  const current = useNames(environment).flow(source?.flow ?? '')
  return (
    <Labelled label={t('thread.flow')}>
      <select key={current} name="flow" required defaultValue={current} className={LINE}>
        {known.map(({ id, name }) => (
          <option key={id} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

function Labelled({ label, note, children }: { label: string; note?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label className="block text-small font-medium text-ink-2">
      {label}
      <div className="mt-1">{children}</div>
      {note && <span className="mt-1 block font-normal text-ink-3">{note}</span>}
    </label>
  )
}
