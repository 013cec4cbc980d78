import { useTranslation } from 'react-i18next'
import { useUpdateSource } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { useMayEdit } from '~/app/roles'
import { Switch } from '~/ui/Switch'
import { report } from '~/ui/toast'

const DOES: Record<string, 'sources.ticks' | 'sources.takesAlerts'> = {
  schedule: 'sources.ticks',
  alert: 'sources.takesAlerts',
}

/** Whether a source takes requests, or a schedule ticks, and the way to change it. */
export function EnabledSwitch({ source, flow }: { source: SourceView; flow: string | undefined }) {
  const { t } = useTranslation()
  const update = useUpdateSource(source.id)
  const mayEdit = useMayEdit()
  const { name, kind, enabled, updated_at } = source
  const config = source.config as Record<string, unknown>
  const word = enabled ? t('sources.on') : t('sources.off')
  const set = (wanted: boolean) => {
    if (!flow) return
    const change = { name, flow, kind, config, enabled: wanted, unless_changed_since: updated_at }
    void report(update.mutateAsync(change))
  }
  return (
    <span className="flex shrink-0 items-center gap-2 text-small">
      <span className={`whitespace-nowrap ${enabled ? 'text-ink-3 max-sm:hidden' : 'text-failed'}`}>
        {word}
      </span>
      {mayEdit && flow && (
        <Switch
          on={enabled}
          label={t(DOES[kind] ?? 'sources.takes')}
          busy={update.isPending}
          onChange={set}
        />
      )}
    </span>
  )
}
