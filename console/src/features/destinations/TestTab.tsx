import { useTranslation } from 'react-i18next'
import type { DestinationDraft, DestinationView } from '~/api/destinations'
import { useMayEdit, useMayOperate } from '~/app/roles'
import { useDraft } from '../form/DraftFrame'
import { filled } from '../form/draft'
import type { DestinationConfig } from './config'
import { TestSend } from './TestSend'

/** One message to a destination, outside its queue; by what is written in its settings, saved or not. */
export function TestTab({ destination }: { destination: DestinationView }) {
  const { t } = useTranslation()
  const { draft, dirty } = useDraft<DestinationDraft>()
  const mayEdit = useMayEdit()
  const mayOperate = useMayOperate()
  if (!mayOperate) return <p className="p-4 text-ink-2">{t('destinations.mayNotTest')}</p>
  const { kind = '' } = destination.config as DestinationConfig
  const unsaved = dirty && mayEdit ? { ...draft, secrets: filled(draft.secrets) } : undefined
  return (
    <div className="@container max-w-5xl space-y-3 p-4">
      {unsaved && <p className="text-table text-ink-2">{t('destinations.testsUnsaved')}</p>}
      <TestSend place={{ id: destination.id }} kind={kind} draft={unsaved} onRefused={() => undefined} />
    </div>
  )
}
