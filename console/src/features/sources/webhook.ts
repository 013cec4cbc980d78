import type { SourceView } from '~/api/queries'

/** A source that is called; a schedule is not. */
export type Webhook = SourceView & { url: string }

export function isWebhook(source: SourceView): source is Webhook {
  return source.url != null
}
