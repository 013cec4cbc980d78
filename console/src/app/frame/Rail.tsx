import { Link } from '@tanstack/react-router'
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Hint } from '~/ui/Hint'
import { IconButton } from '~/ui/IconButton'
import { prefer, usePreferences } from '../preferences'
import { AREAS, type Area } from './areas'
import { Logo } from './Logo'

/** The areas of the console, at the left; at the bottom of a narrow screen. */
export function Rail() {
  const { t } = useTranslation()
  const { railFolded } = usePreferences()
  const label = railFolded ? t('rail.unfold') : t('rail.fold')
  return (
    <nav
      aria-label={t('rail.label')}
      className={`flex shrink-0 gap-0.5 bg-canvas p-2 max-sm:order-last max-sm:gap-0 max-sm:border-t max-sm:border-line max-sm:px-1 sm:flex-col ${railFolded ? 'sm:w-12' : 'sm:w-12 lg:w-42'}`}
    >
      <Link
        to="/events"
        className="mb-3 flex h-8 items-center gap-2 rounded-base px-1.5 max-sm:hidden"
        aria-label="Linchpin"
      >
        <Logo />
        <span
          className={`text-prose font-semibold tracking-tight max-lg:hidden ${railFolded ? 'hidden' : ''}`}
        >
          Linchpin
        </span>
      </Link>
      {AREAS.map((area) => (
        <RailLink key={area.name} area={area} folded={railFolded} />
      ))}
      <div className="mt-auto max-lg:hidden">
        <IconButton
          icon={railFolded ? PanelLeftOpen : PanelLeftClose}
          label={label}
          aria-pressed={railFolded}
          onClick={() => prefer({ railFolded: !railFolded })}
        />
      </div>
    </nav>
  )
}

function RailLink({ area, folded }: { area: Area; folded: boolean }) {
  const { t } = useTranslation()
  const name = t(`areas.${area.name}`)
  const Icon = area.icon
  const words = folded ? 'sm:sr-only' : 'sm:max-lg:sr-only'
  return (
    <Hint text={name} keys={`g ${area.key}`} side="right">
      <Link
        to={area.to}
        className="group flex h-8 items-center gap-2.5 rounded-base px-2 text-table text-ink-2 hover:bg-hover hover:text-ink aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-ink max-sm:h-11 max-sm:flex-auto max-sm:flex-col max-sm:justify-center max-sm:gap-0.5 max-sm:px-0 max-sm:text-micro"
      >
        <Icon
          size={16}
          strokeWidth={1.75}
          aria-hidden="true"
          className="shrink-0 group-aria-[current=page]:text-accent"
        />
        <span className={words}>{name}</span>
      </Link>
    </Hint>
  )
}
