import { useTranslation } from 'react-i18next'
import type { FlowSummary } from '~/api/queries'
import { environmentName } from '~/app/frame/EnvironmentSwitch'

/** Which version serves where, production first. */
export function Deployments({ deployments }: Pick<FlowSummary, 'deployments'>) {
  const { t } = useTranslation()
  const sorted = [...deployments].sort((one) => (one.environment === 'production' ? -1 : 1))
  if (sorted.length === 0) return <span className="text-ink-3">{t('flows.nowhere')}</span>
  return sorted.map(({ environment, version }) => (
    <span
      key={environment}
      className={`inline-flex h-5 shrink-0 items-center gap-1.5 rounded-small border px-1.5 text-small ${environment === 'production' ? 'border-production text-ink' : 'border-line-strong text-ink-2'}`}
    >
      {environmentName(t, environment)}
      <span className="tabular font-medium">v{version}</span>
    </span>
  ))
}
