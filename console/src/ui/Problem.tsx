import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '~/api/problem'
import { Button } from './Button'

/** What went wrong, why, and what to do next. */
export function Problem({ error, retry, compact = false }: ProblemProps) {
  const { t } = useTranslation()
  const problem = asProblem(error)
  const title = t(`problem.${problem.code}.title`, {
    defaultValue: problem.title || t('problem.unexpected.title'),
  })
  const advice = t(`problem.${problem.code}.advice`, { defaultValue: '' })
  return (
    <div role="alert" className={`flex gap-3 text-table ${compact ? '' : 'max-w-xl p-6'}`}>
      <CircleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-failed" />
      <div className="min-w-0 space-y-1">
        <p className="font-medium">{title}</p>
        {problem.message && <p className="whitespace-pre-line break-words text-ink-2">{problem.message}</p>}
        {advice && <p className="text-ink-2">{advice}</p>}
        {retry && (
          <Button className="mt-2" onClick={retry}>
            {t('problem.retry')}
          </Button>
        )}
      </div>
    </div>
  )
}

interface ProblemProps {
  error: unknown
  /** Tries again. */
  retry?: (() => void) | undefined
  compact?: boolean
}
