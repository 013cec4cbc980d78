import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useMessage } from './frame'

/** Whether the flow waits for the receiver. */
export function AwaitField({ awaits }: { awaits: boolean }) {
  const { t } = useTranslation()
  const { change, mayEdit } = useMessage()
  const id = useId()
  return (
    <div className="flex items-start gap-2">
      <input
        id={id}
        type="checkbox"
        checked={awaits}
        disabled={!mayEdit}
        aria-describedby={`${id}-help`}
        onChange={({ target }) =>
          change(
            target.checked ? { do: 'set', path: ['await'], value: true } : { do: 'remove', path: ['await'] },
          )
        }
        className="mt-0.5 size-4 shrink-0 accent-(--accent)"
      />
      <div>
        <label htmlFor={id}>{t('message.await')}</label>
        <p id={`${id}-help`} className="text-small text-ink-3">
          {t('message.awaitText')}
        </p>
      </div>
    </div>
  )
}
