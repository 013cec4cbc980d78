import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useDeleteSource } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { report } from '~/ui/toast'
import { DeleteNamed } from '../form/DeleteNamed'

const GOES: Record<string, 'sources.deleteSchedule' | 'sources.deleteAlerts'> = {
  schedule: 'sources.deleteSchedule',
  alert: 'sources.deleteAlerts',
}

/** Deletes a source, an address with it. */
export function DeleteSource({ source }: { source: SourceView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const remove = useDeleteSource(source.id)
  const { name } = source
  return (
    <DeleteNamed
      name={name}
      label={t('sources.delete')}
      title={t('sources.deleteName', { name })}
      text={t(GOES[source.kind] ?? 'sources.deleteText')}
      busy={remove.isPending}
      onDelete={() =>
        void report(
          remove.mutateAsync().then(() => navigate({ to: '/sources', ignoreBlocker: true })),
          () => ({ text: t('sources.deleted', { name }) }),
        )
      }
    />
  )
}
