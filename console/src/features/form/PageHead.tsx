import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '~/ui/IconButton'

interface PageHeadProps {
  title: string
  /** Before the title. */
  icon?: ReactNode
  /** Right behind the title. */
  beside?: ReactNode
  /** At the end of the line. */
  end?: ReactNode
  /** Back to the list, on a screen that has no room for both. */
  onBack: () => void
  /** Below. */
  children: ReactNode
}

/** The head of a record's page. */
export function PageHead({ title, icon, beside, end, onBack, children }: PageHeadProps) {
  const { t } = useTranslation()
  return (
    <header className="shrink-0 px-4 pt-3">
      <div className="flex min-h-7 items-center gap-2">
        <span className="-ml-1.5 xl:hidden">
          <IconButton icon={ArrowLeft} label={t('back')} keys="Esc" onClick={onBack} />
        </span>
        {icon}
        <h1 className="truncate text-title font-semibold">{title}</h1>
        {beside}
        {end && <span className="ml-auto">{end}</span>}
      </div>
      {children}
    </header>
  )
}
