import { useTranslation } from 'react-i18next'
import type { FlowDetail } from '~/api/queries'
import { MarkIcon } from '../thread/Shape'

/** What keeps the draft from being published: where, what, and what to write instead. */
export function Problems({ flow }: { flow: Pick<FlowDetail, 'problems'> }) {
  const { t } = useTranslation()
  return (
    <ul aria-label={t('flows.problems', { count: flow.problems.length })}>
      {flow.problems.map((problem) => (
        <li
          key={`${problem.node}.${problem.field}.${problem.code}.${problem.reason}`}
          className="flex gap-2.5 border-b border-line px-4 py-2.5"
        >
          <span className="pt-[3px]">
            <MarkIcon mark="failed" />
          </span>
          <div className="min-w-0 break-words">
            <p className="font-mono text-small text-code-key">
              {[problem.node, problem.field].filter(Boolean).join('.')}
            </p>
            <p>{problem.reason}</p>
            {problem.suggestion && <p className="text-ink-2">{problem.suggestion}</p>}
          </div>
        </li>
      ))}
    </ul>
  )
}
