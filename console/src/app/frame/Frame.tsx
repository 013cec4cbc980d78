import { Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LiveProvider } from '~/api/live/LiveProvider'
import { useEnvironment } from '../environment'
import { AREAS } from './areas'
import { useKeys } from './keys'
import { Rail } from './Rail'
import { TopBar } from './TopBar'

const Palette = lazy(() => import('./Palette'))
const KeyHelp = lazy(() => import('./KeyHelp'))

/** The frame around every page: rail, top bar, and in production an edge that nobody overlooks. */
export function Frame() {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const [open, setOpen] = useState<'palette' | 'keys'>()
  const navigate = useNavigate()
  const close = () => setOpen(undefined)

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return
      event.preventDefault()
      setOpen((before) => (before === 'palette' ? undefined : 'palette'))
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
  useKeys({
    '?': () => setOpen('keys'),
    ...Object.fromEntries(AREAS.map((area) => [`g ${area.key}`, () => void navigate({ to: area.to })])),
  })

  return (
    <LiveProvider environment={environment}>
      <a
        href="#main"
        className="absolute top-1 left-1 z-50 -translate-y-12 rounded-base bg-raised px-3 py-1 focus:translate-y-0"
      >
        {t('skip')}
      </a>
      <div className="flex h-full flex-col sm:flex-row">
        <Rail />
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <TopBar onSearch={() => setOpen('palette')} onHelp={() => setOpen('keys')} />
          <main
            id="main"
            className="min-h-0 flex-1 overflow-hidden border-line bg-surface max-sm:border-t sm:rounded-tl-base sm:border-t sm:border-l"
          >
            <Outlet />
          </main>
        </div>
      </div>
      {environment === 'production' && (
        <div
          aria-hidden="true"
          className="pointer-events-none fixed inset-0 z-40 border-2 border-t-[3px] border-production"
        />
      )}
      <Suspense>
        {open === 'palette' && <Palette onClose={close} />}
        {open === 'keys' && <KeyHelp onClose={close} />}
      </Suspense>
    </LiveProvider>
  )
}
