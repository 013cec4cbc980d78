/** What the console reads of a source's settings, as the server's `gateway` writes them. */
export interface SourceConfig {
  verification?: {
    scheme?: string
    bearer?: boolean
    header?: string | null
    query?: string | null
    username?: string
    prefix?: string
    timestamp?: { header: string; unit?: 's' | 'ms' } | null
  }
  methods?: string[]
  path?: string
  reply?: { mode?: string }
}

/** A call that the source takes, to copy into a terminal; what must be filled in stands in capitals. */
export function curlOf(url: string, config: SourceConfig, sample: Record<string, unknown>): string {
  const method = config.methods?.includes('POST') === false ? (config.methods[0] ?? 'POST') : 'POST'
  const address = config.path ? `${url}/${config.path}` : url
  const lines = [`curl -X ${method} '${address}'`, ...proofs(config), `-H 'content-type: application/json'`]
  return [...lines, `-d '${JSON.stringify(sample).replaceAll("'", "'\\''")}'`].join(' \\\n  ')
}

function proofs({ verification }: SourceConfig): string[] {
  switch (verification?.scheme) {
    case 'token':
      if (verification.bearer !== false) return [`-H 'authorization: Bearer TOKEN'`]
      return [`-H '${verification.header ?? 'x-webhook-token'}: TOKEN'`]
    case 'basic':
      return [`-u '${verification.username ?? 'USER'}:PASSWORD'`]
    case 'jwt':
      return [verification.header ? `-H '${verification.header}: TOKEN'` : `-H 'authorization: Bearer TOKEN'`]
    case 'hmac':
      return [
        ...(verification.timestamp
          ? [`-H '${verification.timestamp.header}: ${timeOf(verification.timestamp)}'`]
          : []),
        `-H '${verification.header}: ${verification.prefix ?? ''}SIGNATURE'`,
      ]
    case 'standard_webhooks':
      return [
        `-H 'webhook-id: ID'`,
        `-H 'webhook-timestamp: SECONDS'`,
        `-H 'webhook-signature: v1,SIGNATURE'`,
      ]
    default:
      return []
  }
}

const timeOf = ({ unit }: { unit?: 's' | 'ms' }) => (unit === 'ms' ? 'MILLISECONDS' : 'SECONDS')

/** One of a flow's inputs, as its definition has it. */
interface FieldView {
  type?: unknown
  example?: unknown
  required?: boolean
}

/** Values for a flow's inputs: each field's own example, else one of its type. */
export function sampleOf(inputs: Record<string, FieldView>): Record<string, unknown> {
  const values: Record<string, unknown> = {
    string: 'text',
    number: 1.5,
    integer: 1,
    boolean: true,
    object: {},
    array: [],
  }
  const entries = Object.entries(inputs).map(([name, field]) => {
    const known = field.example ?? undefined
    return [name, known ?? values[String(field.type)] ?? 'text']
  })
  return Object.fromEntries(entries)
}
