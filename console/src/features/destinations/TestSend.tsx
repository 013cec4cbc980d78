import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Eye, SendHorizontal } from 'lucide-react'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type DestinationDraft,
  recentDeliveries,
  type TrialPlace,
  usePreview,
  useTest,
} from '~/api/destinations'
import { delivery as deliveryQuery } from '~/api/find'
import { ApiProblem } from '~/api/problem'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { exact } from '~/ui/time'
import { report } from '~/ui/toast'
import { Preview, Result } from '../payload/TestResult'
import { exampleOf } from './kinds'

interface TestSendProps {
  place: TrialPlace
  kind: string
  /** Settings that are not saved, which are tried as they stand. */
  draft?: DestinationDraft | undefined
  /** Told when the settings themselves cannot be used. */
  onRefused: (problem: unknown) => void
}

/** A message that is sent at once, or only shown as it would be sent. */
export function TestSend({ place, kind, draft, onRefused }: TestSendProps) {
  const { t } = useTranslation()
  const id = useId()
  const [text, setText] = useState(() => JSON.stringify(exampleOf(kind), null, 2))
  const preview = usePreview(place)
  const test = useTest(place)
  const body = read(text)
  const trial = { body: body.value, draft }
  const send = () => {
    preview.reset()
    test.mutate(trial, { onError: onRefused })
  }
  const show = () => {
    test.reset()
    preview.mutate(trial, { onError: onRefused })
  }
  const failed = preview.error ?? test.error
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-1.5">
        <label htmlFor={id} className="text-small font-medium text-ink-2">
          {t('destinations.message')}
        </label>
        {'id' in place && <Earlier destination={place.id} onTake={setText} />}
      </div>
      <textarea
        id={id}
        rows={Math.max(5, Math.min(16, text.split('\n').length + 1))}
        spellCheck={false}
        aria-describedby={`${id}-note`}
        value={text}
        onChange={({ target }) => setText(target.value)}
        className={`${CONTROL} h-auto! py-2 font-mono text-small leading-5`}
      />
      <p id={`${id}-note`} className="text-small text-ink-3">
        {body.isJson ? t('destinations.messageNote') : t('destinations.messageText')}
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Button busy={test.isPending} disabled={body.value === undefined} onClick={send}>
          <SendHorizontal size={14} aria-hidden="true" />
          {t('destinations.send')}
        </Button>
        <Button look="quiet" busy={preview.isPending} disabled={body.value === undefined} onClick={show}>
          <Eye size={14} aria-hidden="true" />
          {t('destinations.preview')}
        </Button>
        <span className="text-small text-ink-3">{t('destinations.sendNote')}</span>
      </div>
      <div aria-live="polite">
        {failed && <Problem error={failed} compact />}
        {test.data && <Result result={test.data} />}
        {preview.data && <Preview preview={preview.data} />}
      </div>
    </div>
  )
}

/** Takes the message of an earlier delivery. */
function Earlier({ destination, onTake }: { destination: string; onTake: (text: string) => void }) {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const known = useQuery(recentDeliveries(useEnvironment(), destination)).data ?? []
  const take = useMutation({
    mutationFn: async (id: string) => {
      const { message } = await client.fetchQuery(deliveryQuery(id))
      if (message == null) throw new ApiProblem({ detail: t('destinations.noMessage') })
      onTake(JSON.stringify(message, null, 2))
    },
  })
  if (known.length === 0) return null
  return (
    <select
      aria-label={t('destinations.earlier')}
      value=""
      disabled={take.isPending}
      onChange={({ target }) => void report(take.mutateAsync(target.value))}
      className={`${CONTROL} h-7! w-auto! max-w-full text-small`}
    >
      <option value="">{t('destinations.earlier')}</option>
      {known.map(({ id, step, created_at }) => (
        <option key={id} value={id}>
          {exact(Date.parse(created_at), i18n.language)} · {step}
        </option>
      ))}
    </select>
  )
}

/** What is written, as JSON; what is no JSON is a text, as a person means it. */
function read(text: string): { value: unknown; isJson: boolean } {
  if (text.trim() === '') return { value: undefined, isJson: true }
  try {
    return { value: JSON.parse(text) as unknown, isJson: true }
  } catch {
    return { value: text, isJson: false }
  }
}
