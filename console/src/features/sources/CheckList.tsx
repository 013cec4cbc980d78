import { Check as CheckIcon, Minus, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Check, Verdict } from './checks'

const LOOK: Record<Verdict, { icon: typeof CheckIcon; colour: string; text: string }> = {
  passed: { icon: CheckIcon, colour: 'text-succeeded', text: 'text-ink-2' },
  failed: { icon: X, colour: 'text-failed', text: 'font-medium text-failed' },
  unreached: { icon: Minus, colour: 'text-quiet', text: 'text-ink-3' },
}

/** The checks in their order: those that the request passed, the one that refused it, those it did not reach. */
export function CheckList({ checks }: { checks: [Check, Verdict][] }) {
  const { t } = useTranslation()
  return (
    <ol aria-label={t('sources.checks')} className="w-44 text-small">
      {checks.map(([check, verdict], place) => {
        const { icon: Icon, colour, text } = LOOK[verdict]
        return (
          <li key={check} className="relative flex h-6 items-center gap-2">
            {place > 0 && (
              <span aria-hidden="true" className="absolute -top-1.5 left-1.5 h-3 w-px bg-thread" />
            )}
            <Icon
              size={13}
              strokeWidth={2.25}
              aria-hidden="true"
              className={`z-1 shrink-0 bg-surface ${colour}`}
            />
            <span className={text}>{t(`checks.${check}`)}</span>
            <span className="sr-only">{t(`verdicts.${verdict}`)}</span>
          </li>
        )
      })}
    </ol>
  )
}
