/** What the console reads of a source's settings, as the server's `gateway` writes them. */
export interface SourceConfig {
  verification?: Verification
  methods?: string[]
  path?: string | null
  fields?: Record<string, SourceField>
  reply?: { mode?: string }
  /** Who may read the source's documentation; members and keys when it is not said. */
  docs?: 'private' | 'public'
}

/** A scheme and its settings; which there are is the scheme's matter. */
export interface Verification {
  scheme?: string
  [setting: string]: unknown
}

/** One of the flow's inputs and where it comes from. */
export interface SourceField extends FlowInput {
  from?: string
}

/** One of a flow's inputs, as its definition has it. */
export interface FlowInput {
  type?: unknown
  example?: unknown
  default?: unknown
  required?: boolean
  description?: string | null
}

/** A field's own example, else a value of its type. */
export function exampleOf(field: FlowInput): unknown {
  const known = field.example ?? field.default ?? undefined
  if (known !== undefined) return known
  const type = String(field.type ?? 'string')
  if (type.startsWith('array')) return []
  const values: Record<string, unknown> = {
    number: 1.5,
    integer: 1,
    boolean: true,
    object: {},
    'date-time': '2026-01-31T09:00:00Z',
  }
  return values[type] ?? 'text'
}

/** The address that senders call, with its path where it has one. */
export function addressOf(url: string, { path }: SourceConfig): string {
  return path ? `${url}/${path}` : url
}
