import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useReplayEvent } from '~/api/mutations'
import type { Trace } from '~/api/queries'
import type { ReplayVersion } from '~/api/replays'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { Menu, MenuItem } from '~/ui/Menu'
import { report, type Toast } from '~/ui/toast'

interface ReplayMenuProps {
  trace: Trace
  look?: 'primary' | 'plain'
  /** Takes the new run's id; gives what can be done about it, if the page does not show it. */
  onReplayed: (run: string) => Toast['action'] | undefined
}

/** Runs an event again, on the version that is chosen. */
export function ReplayMenu({ trace, look = 'primary', onReplayed }: ReplayMenuProps) {
  const { t } = useTranslation()
  const replay = useReplayEvent(trace.id)
  if (!useMayOperate()) return null
  const start = (version: ReplayVersion) =>
    void report(replay.mutateAsync(version), ({ run_id }) => {
      const action = onReplayed(run_id)
      return { text: t('trace.replayed'), ...(action && { action }) }
    })
  const ran = trace.runs[0]?.version
  return (
    <Menu
      label={t('trace.replay')}
      trigger={
        <Button look={look} busy={replay.isPending}>
          <RotateCcw size={14} aria-hidden="true" />
          {t('trace.replay')}
        </Button>
      }
    >
      {ran !== undefined && (
        <MenuItem onSelect={() => start('ran')}>
          {ran === 0 ? t('trace.replayRanDraft') : t('trace.replayRan', { number: ran })}
        </MenuItem>
      )}
      <MenuItem onSelect={() => start('deployed')}>{t('trace.replayDeployed')}</MenuItem>
      <MenuItem onSelect={() => start('draft')}>{t('trace.replayDraft')}</MenuItem>
    </Menu>
  )
}
