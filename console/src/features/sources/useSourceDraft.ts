import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useUpdateSource } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { tell } from '~/ui/toast'
import { draftErrors, filled, NO_DRAFT_ERRORS, unfilled } from '../form/draft'
import { knownSecrets } from './known'
import { useSourceFrame } from './SourceDraftFrame'
import type { SourceSchemas } from './schemas'

/** A source's settings while they are changed: nothing is sent before they are saved. */
export function useSourceDraft(source: SourceView, schemas: SourceSchemas) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const update = useUpdateSource(source.id)
  const frame = useSourceFrame()
  const { draft, dirty, setErrors, discard } = frame
  const save = async () => {
    const open = unfilled(schemas, draft)
    if (open) return setErrors(open)
    setErrors(NO_DRAFT_ERRORS)
    // The switch at the head of the page may have been used in the meantime.
    const { enabled, updated_at } = source
    const whole = { ...draft, secrets: filled(draft.secrets), enabled, unless_changed_since: updated_at }
    try {
      await update.mutateAsync(whole)
      if (whole.secrets) knownSecrets.keep(client, source.id, whole.secrets)
      discard()
      tell({ text: t('sources.saved') })
    } catch (error) {
      setErrors(draftErrors(error, schemas.config, draft))
    }
  }
  const busy = update.isPending
  return {
    ...frame,
    dirty: dirty.fields || dirty.settings,
    // What was just saved is read before it is no draft any more.
    overtaken: frame.overtaken && !busy,
    busy,
    save,
  }
}
