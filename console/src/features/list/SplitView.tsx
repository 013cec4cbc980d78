import { Outlet } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useKeys } from '~/app/frame/keys'
import { prefer, usePreferences } from '~/app/preferences'

/**
 * A list, and beside it what was chosen from it. Without a choice the list has the whole width; on a narrow
 * screen the choice has it.
 */
export function SplitView({ list, open }: { list: ReactNode; open: boolean }) {
  const { listFolded } = usePreferences()
  useKeys({ '[': open ? () => prefer({ listFolded: !listFolded }) : undefined })
  if (!open) return list
  return (
    <div className="flex h-full">
      <div className={`w-68 shrink-0 border-r border-line max-xl:hidden ${listFolded ? 'hidden' : ''}`}>
        {list}
      </div>
      <div className="min-w-0 flex-1">
        <Outlet />
      </div>
    </div>
  )
}
