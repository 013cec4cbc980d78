import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'

/*
 * Menus are not modal: a modal one would lock the page's scrolling by an inline style sheet, which the
 * server's content security policy does not take.
 */

const CONTENT =
  'appear z-50 min-w-44 rounded-base border border-line-strong bg-raised p-1 shadow-raised outline-none max-h-[70vh] overflow-y-auto thin-scroll'
const ITEM =
  'flex min-h-7 items-center gap-2 rounded-small px-2 py-1 text-table text-ink outline-none data-disabled:opacity-50 data-highlighted:bg-hover'

/** A button that opens a menu. */
export function Menu({ trigger, label, align = 'end', onClosed, children }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          aria-label={label}
          align={align}
          sideOffset={4}
          className={CONTENT}
          {...(onClosed && { onCloseAutoFocus: onClosed })}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface MenuProps {
  trigger: ReactNode
  label: string
  align?: 'start' | 'end'
  /** When it is gone and the focus is about to return to the trigger, which the event may prevent. */
  onClosed?: (event: Event) => void
  children: ReactNode
}

export function MenuItem({ onSelect, disabled = false, children }: MenuItemProps) {
  return (
    <DropdownMenu.Item className={ITEM} disabled={disabled} onSelect={onSelect}>
      {children}
    </DropdownMenu.Item>
  )
}

interface MenuItemProps {
  onSelect: () => void
  disabled?: boolean
  children: ReactNode
}

/** One of several that exclude each other. */
export function MenuChoice<Value extends string>({ value, options, onChoose }: MenuChoiceProps<Value>) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={(chosen) => onChoose(chosen as Value)}>
      {options.map((option) => (
        <DropdownMenu.RadioItem key={option.value} value={option.value} className={ITEM}>
          <span className="flex w-4 justify-center">
            <DropdownMenu.ItemIndicator>
              <Check size={14} aria-hidden="true" />
            </DropdownMenu.ItemIndicator>
          </span>
          {option.label}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  )
}

interface MenuChoiceProps<Value extends string> {
  value: Value
  options: { value: Value; label: ReactNode }[]
  onChoose: (value: Value) => void
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 py-1 text-small text-ink-3">{children}</DropdownMenu.Label>
}

export function MenuRule() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />
}
