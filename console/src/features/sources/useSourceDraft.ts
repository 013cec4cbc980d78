import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type SourceDraft, useUpdateSource } from '~/api/mutations'
import type { SourceView } from '~/api/queries'
import { tell } from '~/ui/toast'
import {
  type DraftErrors,
  draftErrors,
  filled,
  NO_DRAFT_ERRORS,
  type SourceSchemas,
  stillWrong,
  unfilled,
} from './draft'
import { knownSecrets } from './known'
import type { DraftChange } from './SourceForm'

/** A source's settings while they are changed: nothing is sent before they are saved. */
export function useSourceDraft(source: SourceView, flow: string, schemas: SourceSchemas) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const update = useUpdateSource(source.id)
  const [changed, setChanged] = useState<SourceDraft>()
  const [errors, setErrors] = useState<DraftErrors>(NO_DRAFT_ERRORS)
  const { name, enabled } = source
  const stored: SourceDraft = { name, flow, config: source.config as Record<string, unknown>, enabled }
  const draft = changed ?? stored
  const change = (how: DraftChange) => {
    const after = how(draft)
    setErrors((open) => stillWrong(open, draft, after))
    setChanged((before) => how(before ?? stored))
  }
  const discard = () => {
    setChanged(undefined)
    setErrors(NO_DRAFT_ERRORS)
  }
  const save = async () => {
    const open = unfilled(schemas, draft)
    if (open) return setErrors(open)
    setErrors(NO_DRAFT_ERRORS)
    // The switch at the head of the page may have been used in the meantime.
    const whole = { ...draft, secrets: filled(draft.secrets), enabled }
    try {
      await update.mutateAsync(whole)
      if (whole.secrets) knownSecrets.keep(client, source.id, whole.secrets)
      setChanged(undefined)
      tell({ text: t('sources.saved') })
    } catch (error) {
      setErrors(draftErrors(error, schemas.config, draft))
    }
  }
  return {
    draft,
    change,
    errors,
    dirty: changed !== undefined,
    busy: update.isPending,
    save,
    discard,
  }
}
