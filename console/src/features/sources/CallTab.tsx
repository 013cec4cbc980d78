import { useTranslation } from 'react-i18next'
import { Copyable } from '~/ui/Copy'
import { useWord } from '../thread/words'
import { addressOf, type SourceConfig } from './config'
import { Documentation } from './Documentation'
import { FieldsTable } from './FieldsTable'
import { Recipe } from './Recipe'
import type { Webhook } from './webhook'

/** How to call it: the address, what it takes, and a call to copy. */
export function CallTab({ source }: { source: Webhook }) {
  const { t } = useTranslation()
  const word = useWord()
  const config = source.config as SourceConfig
  const facts: [string, React.ReactNode][] = [
    ['URL', <Copyable key="url" text={addressOf(source.url, config)} what="URL" />],
    [t('sources.methods'), (config.methods ?? ['POST']).join(', ')],
    [t('sources.verification'), word(config.verification?.scheme ?? '')],
    [t('sources.reply'), t(`sources.replies.${config.reply?.mode ?? 'accept'}` as 'sources.replies.accept')],
  ]
  return (
    <div className="max-w-4xl space-y-5 p-4">
      <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-5 gap-y-1.5 text-table">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd className="flex min-w-0">{value}</dd>
          </div>
        ))}
      </dl>
      <Recipe source={source} />
      <FieldsTable source={source} />
      <Documentation source={source} />
    </div>
  )
}
