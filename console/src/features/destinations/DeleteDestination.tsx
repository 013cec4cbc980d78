import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type DestinationView, useDeleteDestination } from '~/api/destinations'
import { report } from '~/ui/toast'
import { DeleteNamed } from '../form/DeleteNamed'

/** Deletes a destination that nothing waits for. */
export function DeleteDestination({ destination: { id, name } }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const remove = useDeleteDestination(id)
  return (
    <DeleteNamed
      name={name}
      label={t('destinations.delete')}
      title={t('destinations.deleteName', { name })}
      text={t('destinations.deleteText')}
      busy={remove.isPending}
      onDelete={() =>
        void report(
          remove.mutateAsync().then(() => navigate({ to: '/destinations', ignoreBlocker: true })),
          () => ({ text: t('destinations.deleted', { name }) }),
        )
      }
    />
  )
}
