import type { ReactNode } from 'react'
import { CopyButton } from './Copy'

/** An empty page teaches: what will stand here, one example, one thing to do. */
export function Empty({ title, children, example, exampleName, action }: EmptyProps) {
  return (
    <div className="mx-auto w-full max-w-2xl px-6 py-16">
      <svg width="132" height="18" viewBox="0 0 132 18" aria-hidden="true" className="mb-5">
        <path d="M8 9 H124" stroke="var(--line-strong)" strokeDasharray="2 4" />
        {[8, 66, 124].map((x) => (
          <circle
            key={x}
            cx={x}
            cy={9}
            r={4.5}
            fill="var(--surface)"
            stroke="var(--line-strong)"
            strokeWidth={1.5}
          />
        ))}
      </svg>
      <h2 className="text-title font-semibold">{title}</h2>
      <div className="mt-2 text-prose text-ink-2">{children}</div>
      {example && (
        <div className="mt-5 flex items-start gap-2 rounded-base border border-line bg-sunken p-3">
          <pre className="min-w-0 flex-1 font-mono text-small leading-5 break-words whitespace-pre-wrap">
            {example}
          </pre>
          <CopyButton text={example} what={exampleName ?? ''} />
        </div>
      )}
      {action && <div className="mt-5">{action}</div>}
    </div>
  )
}

interface EmptyProps {
  title: string
  children: ReactNode
  /** Lines to copy and run. */
  example?: string | undefined
  exampleName?: string
  action?: ReactNode
}
