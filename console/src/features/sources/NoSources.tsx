import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useMayEdit } from '~/app/roles'
import { BUTTON, LOOKS } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { NewByForm } from './NewByForm'

/** What the list of sources says while there is none: what one is, and the button that makes one. */
export function NoSources({ action }: { action: boolean }) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  return (
    <Empty
      title={t('sources.none')}
      action={
        action &&
        mayEdit && (
          <span className="flex gap-2">
            <NewSource look="primary" />
            <NewByForm kind="schedule" />
            <NewByForm kind="alert" />
          </span>
        )
      }
    >
      {t('sources.noneText')}
    </Empty>
  )
}

/** Leads to the form of a new source; it looks like a button, since it begins something. */
export function NewSource({ look = 'plain' }: { look?: keyof typeof LOOKS }) {
  const { t } = useTranslation()
  return (
    <Link to="/sources/new" className={`${BUTTON} ${LOOKS[look]}`}>
      <Plus size={14} aria-hidden="true" />
      {t('sources.new')}
    </Link>
  )
}
