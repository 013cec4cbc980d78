import { useTranslation } from 'react-i18next'

/** A trace that is on its way. */
export function TraceSkeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')} className="space-y-4 p-4">
      <div className="skeleton h-5 w-72" />
      <div className="skeleton h-3 w-96 max-w-full" />
      <div className="space-y-3 pt-6">
        {[82, 64, 48, 70, 36, 56].map((width) => (
          <div key={width} className="flex items-center gap-4">
            <div className="skeleton size-2.5" />
            <div className="skeleton h-2.5 w-28" />
            <div className="skeleton h-2.5" style={{ width: `${width * 0.5}%` }} />
          </div>
        ))}
      </div>
    </div>
  )
}
