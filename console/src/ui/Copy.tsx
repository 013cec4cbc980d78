import { Check, Copy as CopyIcon } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Hint } from './Hint'

/** How long a button says that it has copied. */
const TOLD_MS = 1_500

/** Copies to the clipboard; says whether it has just done so. */
export function useCopy(): [copied: boolean, copy: (text: string) => void] {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), TOLD_MS)
    return () => clearTimeout(timer)
  }, [copied])
  return [copied, (text) => void write(text).then(setCopied)]
}

/** Copies what it is given. `what` names it: "event id". */
export function CopyButton({ text, what, className = '' }: CopyButtonProps) {
  const { t } = useTranslation()
  const [copied, copy] = useCopy()
  const Icon = copied ? Check : CopyIcon
  const label = copied ? t('copy.done') : t('copy.what', { what })
  return (
    <Hint text={label}>
      <button
        type="button"
        aria-label={label}
        onClick={() => copy(text)}
        className={`inline-flex size-6 shrink-0 items-center justify-center rounded-small text-ink-3 hover:bg-hover hover:text-ink ${className}`}
      >
        <Icon size={13} strokeWidth={1.75} aria-hidden="true" className={copied ? 'text-succeeded' : ''} />
      </button>
    </Hint>
  )
}

interface CopyButtonProps {
  text: string
  what: string
  className?: string
}

/** An id or a URL in full, with the button that copies it. */
export function Copyable({ text, what, children }: { text: string; what: string; children?: ReactNode }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-0.5">
      <code className="truncate font-mono text-small text-ink-2" title={text}>
        {children ?? text}
      </code>
      <CopyButton text={text} what={what} />
    </span>
  )
}

/** Without HTTPS a page has no clipboard of its own: then a selection is copied. */
async function write(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
  }
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.className = 'sr-only'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}
