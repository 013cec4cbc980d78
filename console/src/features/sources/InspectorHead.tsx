import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '~/ui/IconButton'
import type { Mark } from '../thread/mark'
import { MarkIcon } from '../thread/Shape'

/** What became of a request, in a line. */
export function InspectorHead({ mark, title, onBack, children }: InspectorHeadProps) {
  const { t } = useTranslation()
  return (
    <div className="flex min-h-7 flex-wrap items-center gap-x-2 gap-y-1 px-4 pt-3">
      <span className="-ml-1.5 @4xl:hidden">
        <IconButton icon={ArrowLeft} label={t('back')} onClick={onBack} />
      </span>
      <MarkIcon mark={mark} />
      <h2 className="text-prose font-medium">{title}</h2>
      {children}
    </div>
  )
}

interface InspectorHeadProps {
  mark: Mark
  title: string
  onBack: () => void
  children?: ReactNode
}
