import { ArrowUpCircle, CircleSlash, type LucideIcon, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { MarkIcon } from '../thread/Shape'
import type { Cluster } from './cluster'

/** What follows from what the table shows, and what to do about it. */
export function Notes({ cluster }: { cluster: Cluster }) {
  const { t, i18n } = useTranslation()
  const list = new Intl.ListFormat(i18n.language, { style: 'narrow' })
  const { lost, undone, unreachable, versions } = cluster
  return (
    <ul aria-label={t('nodes.notes')} className="max-w-3xl space-y-2.5 p-4 text-ink-2 empty:hidden">
      {lost.length > 0 && (
        <Note sign={<MarkIcon mark="dead" size={16} />}>{t('nodes.lostText', { count: lost.length })}</Note>
      )}
      {undone.length > 0 && (
        <Note sign={<Warning icon={CircleSlash} />}>
          {t('nodes.undoneText', {
            names: list.format(undone.map((role) => t(`nodes.roles.${role}.name`))),
            roles: undone.join(','),
          })}
        </Note>
      )}
      {versions.length > 1 && (
        <Note sign={<Warning icon={ArrowUpCircle} />}>
          {t('nodes.versionsText', { versions: list.format(versions) })}
        </Note>
      )}
      {unreachable.length > 0 && (
        <Note sign={<Warning icon={Unplug} />}>
          {t('nodes.unreachableText', { names: list.format(unreachable.map(({ name }) => name)) })}
        </Note>
      )}
    </ul>
  )
}

function Note({ sign, children }: { sign: ReactNode; children: ReactNode }) {
  return (
    <li className="flex gap-2.5">
      <span className="flex h-5 shrink-0 items-center">{sign}</span>
      <span className="min-w-0 break-words">{children}</span>
    </li>
  )
}

function Warning({ icon: Icon }: { icon: LucideIcon }) {
  return <Icon size={16} strokeWidth={1.75} aria-hidden="true" className="text-waiting" />
}
