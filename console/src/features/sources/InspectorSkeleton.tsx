import { useTranslation } from 'react-i18next'

/** Where a request will stand in a moment. */
export function InspectorSkeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')} className="space-y-3 p-4">
      <div className="skeleton h-4 w-48" />
      <div className="skeleton h-2.5 w-3/4" />
      <div className="skeleton h-2.5 w-2/3" />
      <div className="skeleton h-32" />
    </div>
  )
}
