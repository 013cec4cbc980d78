import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** The sides of a page; each is a link with `SIDE`, since each has an address of its own. */
export function Sides({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className="thin-scroll mt-2 shrink-0 overflow-x-auto border-b border-line px-4">
      <ul className="flex gap-5">{children}</ul>
    </nav>
  )
}

/** How the link to a side looks. */
export const SIDE_LINK =
  '-mb-px block border-b-2 border-transparent py-1.5 text-table whitespace-nowrap text-ink-2 outline-offset-[-2px] hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink'

/** Says that a side has what is not saved yet. */
export function Unsaved() {
  const { t } = useTranslation()
  return (
    <>
      <span
        aria-hidden="true"
        className="ml-1.5 inline-block size-1.5 rounded-full bg-waiting align-middle"
      />
      <span className="sr-only"> ({t('sources.unsaved')})</span>
    </>
  )
}
