import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Logo } from '~/app/frame/Logo'
import { LanguageMenu, ThemeMenu } from '~/app/frame/SettingsMenus'

/** The pages before the frame: one thing to do, on the thread. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className="flex min-h-full flex-col bg-surface">
      <div className="flex justify-end gap-0.5 p-3">
        <LanguageMenu />
        <ThemeMenu />
      </div>
      <main className="mx-auto w-full max-w-sm px-6 pt-[9vh] pb-16">
        <div className="mb-8 flex items-center gap-3">
          <Logo size={34} />
          <div>
            <p className="text-title font-semibold tracking-tight">Linchpin</p>
            <p className="text-small text-ink-3">{t('session.motto')}</p>
          </div>
        </div>
        <h1 className="mb-4 text-display font-semibold tracking-tight">{title}</h1>
        {children}
      </main>
      <ThreadLine />
    </div>
  )
}

/** The thread, for once at its full length. */
function ThreadLine() {
  return (
    <svg
      viewBox="0 0 1200 60"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
      className="mt-auto h-16 w-full text-line-strong"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.25}
    >
      <path d="M0 20 H1200 M760 20 C790 20 780 44 810 44 H1200" />
      {[120, 300, 420, 540, 660].map((x) => (
        <circle key={x} cx={x} cy={20} r={x === 120 ? 6 : 4} fill="var(--surface)" />
      ))}
      {[
        [900, 44],
        [1020, 44],
        [940, 20],
      ].map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r={5} fill="var(--surface)" />
      ))}
    </svg>
  )
}
