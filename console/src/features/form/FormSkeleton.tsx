import { useTranslation } from 'react-i18next'

/** Where a form will stand in a moment. */
export function FormSkeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')} className="space-y-6 p-4">
      <div className="grid grid-cols-2 gap-4">
        <div className="skeleton h-9" />
        <div className="skeleton h-9" />
      </div>
      <div className="grid grid-cols-2 gap-2">
        {[1, 2, 3, 4, 5, 6].map((card) => (
          <div key={card} className="skeleton h-15" />
        ))}
      </div>
    </div>
  )
}
