import { CalendarClock } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeRow } from '~/api/queries'
import { ROLES, type Role } from './cluster'

/**
 * What a node does. In the table each role has its place, so that one that is missing shows as a gap; a role
 * that this console does not know yet stands at the end by its own name.
 */
export function RoleTags({ node }: { node: NodeRow }) {
  const { t } = useTranslation()
  const unknown = node.roles.filter((role) => !ROLES.includes(role as Role))
  return (
    <ul className="flex flex-wrap gap-1">
      {ROLES.map((role) => {
        const has = node.roles.includes(role)
        const onDuty = role === 'scheduler' && node.is_scheduler
        return (
          <li key={role} className={has ? 'flex' : 'invisible flex @max-5xl:hidden'}>
            <Tag title={t(onDuty ? 'nodes.onDutyText' : `nodes.roles.${role}.does`)} chosen={onDuty}>
              {onDuty && <CalendarClock size={12} aria-hidden="true" className="text-accent" />}
              {t(`nodes.roles.${role}.name`)}
              {onDuty && ` · ${t('nodes.onDuty')}`}
            </Tag>
          </li>
        )
      })}
      {unknown.map((role) => (
        <li key={role} className="flex">
          <Tag>{role}</Tag>
        </li>
      ))}
    </ul>
  )
}

interface TagProps {
  title?: string
  /** The one among several that stands out. */
  chosen?: boolean
  children: ReactNode
}

export function Tag({ title, chosen = false, children }: TagProps) {
  return (
    <span
      title={title}
      className={`inline-flex h-5 shrink-0 items-center gap-1 rounded-small border px-1.5 text-small whitespace-nowrap ${chosen ? 'border-accent bg-selected text-ink' : 'border-line'}`}
    >
      {children}
    </span>
  )
}
