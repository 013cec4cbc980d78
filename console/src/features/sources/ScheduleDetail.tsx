import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceView } from '~/api/queries'
import { useMayEdit } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Coded } from '~/ui/Coded'
import { Dialog } from '~/ui/Dialog'
import { Due, Time } from '~/ui/Time'
import { toYaml } from '~/ui/yaml/toYaml'
import { Yaml } from '~/ui/yaml/Yaml'
import { InOut, Panel } from '../payload/Panel'
import { DeleteSource } from './DeleteSource'
import { NextTicks } from './NextTicks'
import { ScheduleForm } from './ScheduleForm'
import type { ScheduleConfig } from './schedule'

/** When a schedule ticks, and what has come of its ticks. */
export function ScheduleDetail({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  const { cron, time_zone: zone = 'UTC' } = source.config as unknown as ScheduleConfig
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2">
        <Standing source={source} />
        {mayEdit && (
          <span className="ml-auto flex gap-2">
            <DeleteSource source={source} />
            <Change source={source} />
          </span>
        )}
      </div>
      <InOut>
        <Panel title={t('sources.nextTicks')} note={zone}>
          <NextTicks cron={cron} zone={zone} />
        </Panel>
        <Panel title={t('sources.settings')} copy={toYaml(source.config)}>
          <div className="-mx-4">
            <Yaml text={toYaml(source.config)} />
          </div>
        </Panel>
      </InOut>
    </>
  )
}

/** The next tick, the last one, and how many were left out. */
function Standing({ source: { enabled, schedule } }: { source: SourceView }) {
  const { t } = useTranslation()
  if (!schedule) return null
  const why = schedule.skipped_why ?? ''
  return (
    <>
      {enabled && (
        <span>
          {t('sources.nextTick')} <Due at={schedule.next_at} className="font-medium" />
        </span>
      )}
      <span className="text-ink-2">
        {t('sources.lastTick')} {schedule.last_at ? <Time at={schedule.last_at} /> : t('sources.never')}
      </span>
      {schedule.skipped > 0 && (
        <span className="text-waiting">
          {t('sources.skipped', { count: schedule.skipped })}{' '}
          {t(`sources.skippedWhy.${why}` as 'sources.skippedWhy.off', { defaultValue: why })}
          {schedule.skipped_detail && <Coded text={`: ${schedule.skipped_detail}`} />}
        </span>
      )}
    </>
  )
}

function Change({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('sources.change')}</Button>
      <Dialog open={open} onClose={close} label={t('sources.change')} className="w-[min(38rem,94vw)]">
        <div className="p-5">
          <ScheduleForm environment={source.environment} source={source} onCancel={close} onSaved={close} />
        </div>
      </Dialog>
    </>
  )
}
