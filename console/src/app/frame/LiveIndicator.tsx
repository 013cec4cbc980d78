import { useTranslation } from 'react-i18next'
import { useLive } from '~/api/live/LiveProvider'
import { Hint } from '~/ui/Hint'

/** Whether the page is kept up to date; it flickers once when something happens. */
export function LiveIndicator() {
  const { t } = useTranslation()
  const { state, beat } = useLive()
  const live = state === 'live'
  return (
    <Hint text={t(`live.${state}.hint`)}>
      <button
        type="button"
        aria-live="polite"
        className="flex h-7 items-center gap-1.5 rounded-base px-2 text-small text-ink-2 hover:bg-hover"
      >
        <svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
          {live ? (
            <>
              {beat > 0 && (
                <circle
                  key={beat}
                  r={5.5}
                  className="live-beat"
                  fill="none"
                  stroke="var(--succeeded)"
                  strokeWidth={1.2}
                />
              )}
              <circle r={3} fill="var(--succeeded)" />
            </>
          ) : (
            <path
              d="M-4 -3 L4 -3 M-4 3 L4 3"
              stroke="var(--waiting)"
              strokeWidth={2}
              strokeLinecap="round"
              strokeDasharray="3 3"
            />
          )}
        </svg>
        <span className="max-md:sr-only">{t(`live.${state}.word`)}</span>
      </button>
    </Hint>
  )
}
