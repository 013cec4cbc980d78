import type { SourceView } from '~/api/queries'

/** A source that is called; schedules, and sources of alerts, are not. */
export type Webhook = SourceView & { url: string }

export function isWebhook(source: SourceView): source is Webhook {
  return source.url != null
}
