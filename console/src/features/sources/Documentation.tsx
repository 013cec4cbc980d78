import { useQuery } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useUpdateSource } from '~/api/mutations'
import { flow as flowQuery } from '~/api/queries'
import { useNames } from '~/app/environment'
import { useMayEdit } from '~/app/roles'
import { CopyButton } from '~/ui/Copy'
import { Segments } from '~/ui/Segments'
import { report } from '~/ui/toast'
import type { SourceConfig } from './config'
import { useSourceFrame } from './SourceDraftFrame'
import type { Webhook } from './webhook'

/** What a source tells its senders of itself: a page, an OpenAPI document, and who may read them. */
export function Documentation({ source }: { source: Webhook }) {
  const { t, i18n } = useTranslation()
  const flow = useNames(source.environment).flow(source.flow)
  const { data } = useQuery({ ...flowQuery(flow ?? ''), enabled: flow !== undefined })
  const isServed = data?.deployments.some(({ environment }) => environment === source.environment)
  const page = source.url.replace(/\/hooks\/.*$/, `/docs/sources/${source.id}`)
  return (
    <section aria-label={t('docs.title')} className="space-y-2 border-t border-line pt-4">
      <h2 className="text-small font-medium text-ink-2">{t('docs.title')}</h2>
      <p className="text-table text-ink-2">{t('docs.text')}</p>
      {isServed === false ? (
        <p className="text-table text-ink-3">{t('docs.undeployed')}</p>
      ) : (
        <ul className="space-y-0.5 text-table">
          <Address name={t('docs.page')} url={page} href={`${page}?lang=${i18n.language}`} />
          <Address name="OpenAPI 3.1" url={`${page}/openapi.json`} />
        </ul>
      )}
      <Readers source={source} flow={flow} />
    </section>
  )
}

function Address({ name, url, href = url }: { name: string; url: string; href?: string }) {
  return (
    <li className="flex min-w-0 items-center gap-2">
      <a
        href={href}
        target="_blank"
        rel="noreferrer"
        className="inline-flex shrink-0 items-center gap-1 rounded-small text-accent underline underline-offset-2"
      >
        {name}
        <ExternalLink size={12} aria-hidden="true" />
      </a>
      <code className="min-w-0 truncate font-mono text-small text-ink-3" title={url}>
        {url}
      </code>
      <CopyButton text={url} what={name} />
    </li>
  )
}

type Visibility = 'private' | 'public'

/** Who may read it; changed at once, as the switch at the head is. */
function Readers({ source, flow }: { source: Webhook; flow: string | undefined }) {
  const { t } = useTranslation()
  const mayEdit = useMayEdit()
  const update = useUpdateSource(source.id)
  const { dirty, change } = useSourceFrame()
  const { docs = 'private' } = source.config as SourceConfig
  const note = <span className="text-small text-ink-3">{t(`docs.notes.${docs}`)}</span>
  if (!mayEdit || flow === undefined) return note
  const set = (wanted: Visibility) => {
    if (wanted === docs) return
    const { name, enabled, kind, updated_at } = source
    const config = { ...(source.config as object), docs: wanted }
    void report(update.mutateAsync({ name, flow, kind, enabled, config, unless_changed_since: updated_at }))
    // What is not saved yet must not undo it.
    if (dirty.fields || dirty.settings)
      change((before) => ({ ...before, config: { ...before.config, docs: wanted } }))
  }
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Segments
        label={t('docs.readers')}
        value={docs}
        options={[
          { value: 'private', label: t('docs.private') },
          { value: 'public', label: t('docs.public') },
        ]}
        onChoose={set}
      />
      {note}
    </div>
  )
}
