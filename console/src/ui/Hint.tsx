import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'

/** A word on what an icon does, on hover and on focus. */
export function Hint({ text, keys, side = 'bottom', children }: HintProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          className="appear z-50 flex items-center gap-2 rounded-small bg-ink px-2 py-1 text-small text-surface"
        >
          {text}
          {keys && <kbd className="font-mono text-micro opacity-70">{keys}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

interface HintProps {
  text: string
  /** The key that does the same. */
  keys?: string
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}
