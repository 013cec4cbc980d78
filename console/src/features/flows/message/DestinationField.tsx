import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { DestinationView } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { environmentName } from '~/app/frame/EnvironmentSwitch'
import { CONTROL, Wrong } from '~/ui/form/Frame'
import { useMessage, usePlace } from './frame'
import type { Step } from './model/step'

const PATH = ['destination']

/** To whom the step speaks: one of the environment's destinations. */
export function DestinationField({ step, known }: { step: Step; known: DestinationView[] | undefined }) {
  const { t } = useTranslation()
  const { change, mayEdit } = useMessage()
  const { wrong } = usePlace(PATH)
  const environment = useEnvironment()
  const id = useId()
  const isKnown = known?.some(({ name }) => name === step.destination)
  return (
    <div className="@lg:grid @lg:grid-cols-[minmax(6rem,11rem)_minmax(0,1fr)] @lg:gap-x-2">
      <label htmlFor={id} className="block py-1.5 text-small font-medium text-ink-2">
        {t('message.destination')}
      </label>
      <div>
        <select
          id={id}
          value={step.destination}
          disabled={!mayEdit}
          aria-invalid={wrong.length > 0 || undefined}
          aria-describedby={wrong.length > 0 ? `${id}-wrong` : undefined}
          onChange={({ target }) => change({ do: 'set', path: PATH, value: target.value })}
          className={`${CONTROL} max-w-sm`}
        >
          {!isKnown && (
            <option value={step.destination}>
              {known
                ? t('message.notHere', {
                    name: step.destination,
                    environment: environmentName(t, environment),
                  })
                : step.destination}
            </option>
          )}
          {known?.map(({ name, config }) => (
            <option key={name} value={name}>
              {name} · {String((config as { kind?: string }).kind ?? '')}
            </option>
          ))}
        </select>
        <Wrong id={`${id}-wrong`} errors={wrong} />
      </div>
    </div>
  )
}
