import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import { Time } from '~/ui/Time'
import { report, tell } from '~/ui/toast'
import type { Other } from './useDraftText'

/** Somebody else has saved the draft meanwhile: what they changed, and the ways on, of which none loses anything typed. */
export function OtherDraft({ other, node }: { other: Other; node: string }) {
  const { t, i18n } = useTranslation()
  const { revision, at, parts, join, take, overwrite } = other
  const list = new Intl.ListFormat(i18n.language, { type: 'conjunction' })
  const onTake = () => {
    const back = take()
    tell({
      text: t('message.theirs', { number: revision }),
      action: { label: t('message.mineBack'), run: back },
    })
  }
  const onOverwrite = () =>
    void report(overwrite(), ({ revision: number }) => ({ text: t('message.savedClean', { number }) }))
  return (
    <section
      role="alert"
      aria-label={t('message.stale')}
      className="flex shrink-0 flex-wrap items-start gap-x-4 gap-y-2 border-b border-line bg-selected px-4 py-3"
    >
      <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-waiting" />
      <div className="min-w-60 flex-1">
        <p className="font-medium">
          {t('message.stale')} · {t('flows.revision', { number: revision })} · <Time at={at} />
        </p>
        <p className="text-ink-2">
          {parts.length === 0
            ? t('message.staleNothing')
            : t('message.staleParts', { parts: list.format(parts) })}{' '}
          {parts.includes(node) ? t('message.staleSame') : t('message.staleOther')}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" onClick={join}>
          {t('message.join')}
        </Button>
        <Button onClick={onTake}>{t('message.takeTheirs')}</Button>
        <Button onClick={onOverwrite} className="text-failed!">
          {t('message.overwrite')}
        </Button>
      </div>
    </section>
  )
}
