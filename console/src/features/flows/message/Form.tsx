import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { destinationKinds } from '~/api/destinations'
import { destinations as destinationsQuery } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { Yaml } from '~/ui/yaml/Yaml'
import { More } from '../../form/Parts'
import { AwaitField } from './AwaitField'
import { BodyField } from './BodyField'
import { DestinationField } from './DestinationField'
import { FieldList } from './FieldList'
import { FieldRow } from './FieldRow'
import { useMessage } from './frame'
import { namesSchema, ORDER_KEY } from './model/settings'
import type { Step } from './model/step'

/** All that a step says, and to whom. */
export function Form({ step }: { step: Step }) {
  const { t } = useTranslation()
  const { step: place, change, problems } = useMessage()
  const known = useQuery(destinationsQuery(useEnvironment())).data
  const kinds = useQuery(destinationKinds()).data
  const destination = known?.find(({ name }) => name === step.destination)
  const config = (destination?.config ?? {}) as Record<string, unknown>
  const kind = kinds?.find(({ name }) => name === config.kind)
  const params = namesSchema(config.url)
  const headers = namesSchema(config.message_headers)
  const has = (value: unknown) => value !== undefined && value !== null
  const wrong = [...problems.keys()].some((field) => /^(headers|order_key|await)/.test(field))
  return (
    <div className="space-y-5 px-5 py-4">
      <DestinationField step={step} known={known} />
      {(params || has(step.params)) && (
        <section aria-label={t('message.params')}>
          <h2 className="text-small font-medium text-ink-2">{t('message.params')}</h2>
          <p className="text-small text-ink-3">{t('message.paramsText')}</p>
          <FieldList
            root={params}
            field={{ path: ['params'], value: step.params, schema: params }}
            name={t('message.params')}
            shrinks
          />
        </section>
      )}
      <BodyField key={place.node} body={step.body} kind={kind} />
      <More title={t('message.moreTitle')} note={t('message.moreNote')} wrong={wrong}>
        <div className="space-y-4">
          <AwaitField awaits={step.awaits} />
          <ul>
            <FieldRow
              root={ORDER_KEY}
              field={{
                path: ['order_key'],
                key: 'order_key',
                value: step.orderKey ?? undefined,
                schema: { ...ORDER_KEY, description: t('message.orderKey') },
                fixed: true,
                required: false,
              }}
              taken={[]}
              onMove={{ up: undefined, down: undefined }}
              onRemove={() => change({ do: 'remove', path: ['order_key'] })}
            />
          </ul>
          {(headers || has(step.headers)) && (
            <section aria-label={t('message.headers')}>
              <h2 className="text-small font-medium text-ink-2">{t('message.headers')}</h2>
              <FieldList
                root={headers}
                field={{ path: ['headers'], value: step.headers, schema: headers }}
                name={t('message.headers')}
                shrinks
              />
            </section>
          )}
        </div>
      </More>
      <details className="group border-t border-line pt-4">
        <summary className="w-fit rounded-small py-0.5 pr-2 text-small font-medium text-ink-2 hover:text-ink">
          {t('message.yaml')}
        </summary>
        <div className="mt-2 -ml-4 overflow-x-auto">
          <Yaml text={step.lines} />
        </div>
      </details>
    </div>
  )
}
