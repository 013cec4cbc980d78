import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type LetterAction, type LetterFilter, matchingLetters, useManyLetters } from '~/api/letters'
import { useEnvironment } from '~/app/environment'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { CONTROL } from '~/ui/form/Frame'
import { Problem } from '~/ui/Problem'
import { tell } from '~/ui/toast'
import { useJobWords } from '../jobs/words'

interface ManyLettersProps {
  /** None while nothing is to be done. */
  action: LetterAction | undefined
  filter: LetterFilter
  onClose: () => void
}

/** Replays or discards all dead letters that a filter means, once the person has seen how many these are. */
export function ManyLetters({ action, filter, onClose }: ManyLettersProps) {
  const { t } = useTranslation()
  return (
    <Dialog
      open={action !== undefined}
      onClose={onClose}
      label={action === 'discard' ? t('deliveries.discardAll') : t('deliveries.replayAll')}
      className="w-[min(30rem,92vw)]"
    >
      {action && <Confirm action={action} filter={filter} onClose={onClose} />}
    </Dialog>
  )
}

function Confirm({ action, filter, onClose }: ManyLettersProps & { action: LetterAction }) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const words = useJobWords(environment)
  // It ends here, so that what is counted is what is done.
  const [meant] = useState(() => ({ ...filter, to: filter.to ?? new Date().toISOString() }))
  const count = useQuery(matchingLetters(environment, meant))
  const many = useManyLetters(environment, action)
  const [typed, setTyped] = useState('')
  const isSure = action === 'replay' || typed.trim() === String(count.data)
  const start = async () => {
    const { job_id } = await many.mutateAsync(meant)
    if (!job_id) tell({ text: t('deliveries.nothingLeft') })
    onClose()
  }
  return (
    <form
      className="space-y-4 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        // What goes wrong is shown below.
        if (isSure && count.data) void start().catch(() => undefined)
      }}
    >
      <h2 className="text-title font-semibold">
        {action === 'discard'
          ? t('deliveries.discardMany', { count: count.data ?? 0 })
          : t('deliveries.replayMany', { count: count.data ?? 0 })}
      </h2>
      <p className="text-ink-2">{words.letters(meant)}</p>
      <p className="text-ink-2">
        {action === 'discard' ? t('deliveries.discardManyText') : t('deliveries.replayManyText')}
      </p>
      {action === 'discard' && (
        <label className="block text-small font-medium text-ink-2">
          {t('deliveries.typeCount', { number: count.data ?? 0 })}
          <input
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            inputMode="numeric"
            autoComplete="off"
            className={`${CONTROL} mt-1 h-9! font-normal text-ink`}
          />
        </label>
      )}
      {(many.error ?? count.error) && <Problem error={many.error ?? count.error} compact />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          type="submit"
          look="primary"
          className={action === 'discard' ? 'bg-failed! text-surface!' : ''}
          disabled={!count.data || !isSure}
          busy={many.isPending}
        >
          {action === 'discard' ? t('deliveries.discard') : t('deliveries.replay')}
        </Button>
      </div>
    </form>
  )
}
