import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { FlowDetail } from '~/api/queries'
import { Time } from '~/ui/Time'
import { Deployments } from './Deployments'
import { Deploy } from './Publish'

/** The draft and the versions, with what serves where. */
export function Versions({ flow }: { flow: FlowDetail }) {
  const { t } = useTranslation()
  const here = useNavigate({ from: '/flows/$name' })
  const { version } = useSearch({ from: '/frame/flows/$name' })
  const show = (number: number | undefined) =>
    void here({ search: (before) => ({ ...before, version: number, run: undefined }), replace: true })
  const row = 'relative border-b border-line px-4 py-2.5 hover:bg-hover aria-[current=true]:bg-selected'
  return (
    <ol>
      <li className={row} aria-current={version === undefined}>
        <button
          type="button"
          className="absolute inset-0 rounded-none outline-offset-[-2px]"
          aria-label={t('flows.draft')}
          onClick={() => show(undefined)}
        />
        <div className="flex items-baseline justify-between">
          <span className="font-medium">{t('flows.draft')}</span>
          <Time at={flow.updated_at} className="tabular text-small text-ink-3" />
        </div>
        <p className="text-small text-ink-3">{t('flows.revision', { number: flow.revision })}</p>
      </li>
      {flow.versions.map((one) => (
        <li key={one.number} className={row} aria-current={version === one.number}>
          <button
            type="button"
            className="absolute inset-0 rounded-none outline-offset-[-2px]"
            aria-label={t('trace.version', { number: one.number })}
            onClick={() => show(one.number)}
          />
          <div className="flex items-baseline justify-between">
            <span className="tabular font-medium">v{one.number}</span>
            <Time at={one.created_at} className="tabular text-small text-ink-3" />
          </div>
          {one.note && <p>{one.note}</p>}
          <p className="text-small text-ink-3">{one.created_by}</p>
          <div className="mt-1.5 flex flex-wrap items-center gap-2">
            <Serving flow={flow} version={one.number} />
            <span className="relative">
              <Deploy flow={flow} version={one.number} />
            </span>
          </div>
        </li>
      ))}
    </ol>
  )
}

function Serving({ flow, version }: { flow: FlowDetail; version: number }) {
  const serving = flow.deployments.filter((deployed) => deployed.version === version)
  return serving.length > 0 && <Deployments deployments={serving} />
}
