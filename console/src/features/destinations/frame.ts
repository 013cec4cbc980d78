import { createContext } from 'react'
import type { DestinationDraft } from '~/api/destinations'
import type { Change } from '../form/DraftFrame'
import { type DraftErrors, type FormSchemas, NO_DRAFT_ERRORS } from '../form/draft'

/** What the settings and the secrets of one form share. */
export interface FormFrame {
  schemas: FormSchemas
  draft: DestinationDraft
  errors: DraftErrors
  /** The names of the secrets that the server keeps. */
  kept: readonly string[]
  onChange: (change: Change<DestinationDraft>) => void
  onSecrets: (secrets: Record<string, unknown> | undefined) => void
}

export const FormFrameContext = createContext<FormFrame>({
  schemas: { config: {}, secrets: {} },
  draft: { name: '', config: {} },
  errors: NO_DRAFT_ERRORS,
  kept: [],
  onChange: () => undefined,
  onSecrets: () => undefined,
})
