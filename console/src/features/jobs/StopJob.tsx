import { Square } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type BulkJob, goesOn, useCancelJob } from '~/api/jobs'
import { useMayOperate } from '~/app/roles'
import { Button } from '~/ui/Button'
import { report } from '~/ui/toast'

/** Lets a job begin nothing more, while it goes on and for who may. */
export function StopJob({ job }: { job: BulkJob }) {
  const { t } = useTranslation()
  const cancel = useCancelJob()
  const mayOperate = useMayOperate()
  if (!goesOn(job) || !mayOperate) return null
  return (
    <Button
      busy={cancel.isPending}
      onClick={() => void report(cancel.mutateAsync(job.id), () => ({ text: t('jobs.stopped') }))}
    >
      <Square size={13} aria-hidden="true" />
      {t('jobs.stop')}
    </Button>
  )
}
