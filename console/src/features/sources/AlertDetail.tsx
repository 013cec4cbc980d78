import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceView } from '~/api/queries'
import { useMayEdit } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { Panel } from '../payload/Panel'
import { AlertForm } from './AlertForm'
import type { AlertConfig } from './alert'
import { DeleteSource } from './DeleteSource'

/** Which alerts a source takes, and the way to change that. */
export function AlertDetail({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2">
        <TakenAlerts source={source} />
        {mayEdit && (
          <span className="ml-auto flex gap-2">
            <DeleteSource source={source} />
            <Change source={source} />
          </span>
        )}
      </div>
      <Panel title={t('sources.settings')} copy={toYaml(source.config)}>
        <div className="-mx-4">
          <Yaml text={toYaml(source.config)} />
        </div>
      </Panel>
    </>
  )
}

/** Which alerts it takes, and of which destinations, in a line. */
export function TakenAlerts({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const { alerts = [], destinations = [] } = source.config as AlertConfig
  const kinds = alerts.map((alert) => t(`sources.alerts.${alert}`)).join(' · ')
  return (
    <span className="truncate text-small">
      {kinds || t('sources.allAlerts')}
      <span className="ml-2 text-ink-3">{destinations.join(', ') || t('sources.allDestinations')}</span>
    </span>
  )
}

function Change({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('sources.changeAlerts')}</Button>
      <Dialog open={open} onClose={close} label={t('sources.changeAlerts')} className="w-[min(38rem,94vw)]">
        <div className="p-5">
          <AlertForm environment={source.environment} source={source} onCancel={close} onSaved={close} />
        </div>
      </Dialog>
    </>
  )
}
