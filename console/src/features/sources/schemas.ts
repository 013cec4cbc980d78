import type { Schemas } from '~/api/client'
import type { FormSchemas } from '../form/draft'

/** The schemas of a source, as the API serves them. */
export interface SourceSchemas extends FormSchemas {
  refusals: Schemas['RefusalCode'][]
}
