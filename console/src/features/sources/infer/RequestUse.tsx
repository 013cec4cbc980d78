import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMayEdit } from '~/app/roles'
import { PinSample } from '../samples/PinSample'
import type { Webhook } from '../webhook'
import { Proposal } from './Proposal'

interface RequestUseProps {
  source: Webhook
  /** An event's id, or a refused request's. */
  id: string
  /** Whether its fields are offered at once. */
  open?: boolean
}

/** What can be made of a request: fields of the source, and a sample. */
export function RequestUse({ source, id, open: atFirst = false }: RequestUseProps) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  const [open, setOpen] = useState(atFirst)
  if (!mayEdit) return null
  const isEvent = id.startsWith('evt_')
  return (
    <section aria-label={t('infer.title')} className="border-t border-line">
      <div className="flex items-center gap-2 px-4 py-2">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="-ml-1 flex items-center gap-1.5 rounded-small py-0.5 pr-2 pl-1 text-small font-medium text-ink-2 hover:text-ink"
        >
          <ChevronRight
            size={14}
            aria-hidden="true"
            className={`text-ink-3 transition-transform duration-100 ${open ? 'rotate-90' : ''}`}
          />
          {t('infer.title')}
        </button>
        <span className="ml-auto">
          <PinSample source={source.id} request={isEvent ? { event: id } : { refusal: id }} />
        </span>
      </div>
      {open && <Proposal source={source} examples={isEvent ? { event: id } : { refusal: id }} />}
    </section>
  )
}
