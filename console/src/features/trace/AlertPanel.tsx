import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Time } from '~/ui/Time'
import { Panel } from '../payload/Panel'

/** What befell a destination, as the server's `engine` tells flows. */
export interface Alert {
  alert: string
  destination: string
  destination_id: string
  at: string
  reason: string
  code: string
  waiting: number
  dead_letters: number
}

/** What befell a destination, in words, with the way to it. */
export function AlertPanel({ alert: facts }: { alert: Alert }) {
  const { t } = useTranslation()
  const { alert, destination, destination_id: id, at, reason, code, waiting, dead_letters: dead } = facts
  return (
    <Panel title={t('trace.alert')} note={alert} copy={JSON.stringify(facts, null, 2)}>
      <p className="text-prose font-medium">
        {t(`sources.alerts.${alert}` as 'sources.alerts.dead_letter', { defaultValue: alert })}
      </p>
      {reason && <p className="mt-0.5 break-words text-ink-2">{reason}</p>}
      <dl className="tabular mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-table">
        <Fact name={t('thread.destination')}>
          <Link
            to="/destinations/$destination"
            params={{ destination: id }}
            className="rounded-small text-accent underline underline-offset-2"
          >
            {destination}
          </Link>
        </Fact>
        <Fact name={t('trace.alertAt')}>
          <Time at={at} />
        </Fact>
        {code && (
          <Fact name={t('trace.alertCode')}>
            <code className="font-mono text-small">{code}</code>
          </Fact>
        )}
        <Fact name={t('destinations.waiting')}>{waiting}</Fact>
        <Fact name={t('destinations.dead')}>
          {dead > 0 ? (
            <Link
              to="/deliveries"
              search={{ state: 'dead', destination: id }}
              className="rounded-small text-dead underline underline-offset-2"
            >
              {dead}
            </Link>
          ) : (
            dead
          )}
        </Fact>
      </dl>
    </Panel>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}
