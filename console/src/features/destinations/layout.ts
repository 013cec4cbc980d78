import { type Schema, shapeOf } from '~/ui/form/schema'
import type { FormSchemas } from '../form/draft'
import { POLICY } from './config'

/** A line of a destination's form: a setting, a secret, or both, which belong together. */
export interface Line {
  config?: string
  secret?: string
}

/**
 * The lines of a kind: what must be set first, then secrets that stand for themselves, then the rest, each with the secret
 * of its name. What is folded stands last.
 */
export function linesOf(config: Schema, secrets: Schema): Line[] {
  const own = Object.keys(config.properties ?? {}).filter((name) => name !== 'kind' && !POLICY.includes(name))
  const secret = Object.keys(secrets.properties ?? {})
  const required = new Set(config.required ?? [])
  const line = (name: string): Line => ({ config: name, ...(secret.includes(name) && { secret: name }) })
  const isFolded = (name: string) => ['map', 'object', 'list'].includes(kindOf(config, name))
  const rest = own.filter((name) => !required.has(name))
  return [
    ...own.filter((name) => required.has(name)).map(line),
    ...secret.filter((name) => !own.includes(name)).map((name) => ({ secret: name })),
    ...rest.filter((name) => !isFolded(name)).map(line),
    ...rest.filter(isFolded).map(line),
  ]
}

/** The schemas by which it is looked what is not filled in: what the server keeps is not asked for. */
export function asked(schemas: FormSchemas, kept: readonly string[]): FormSchemas {
  const required = schemas.secrets.required?.filter((name) => !kept.includes(name)) ?? []
  return { ...schemas, secrets: { ...schemas.secrets, required } }
}

/** Whether a setting can be set to need no secret, and is. */
export function needsNone(config: Schema, name: string, value: unknown): boolean {
  const usual = config.properties?.[name]?.default
  return isNone(usual) && (value === undefined || isNone(value))
}

/** What becomes of the secrets when settings change: one that nothing needs any more goes, and comes back with its need. */
export function secretsAfter(
  schemas: FormSchemas,
  config: Record<string, unknown>,
  secrets: Record<string, unknown> | undefined,
  kept: readonly string[],
): Record<string, unknown> | undefined {
  const after = { ...secrets }
  for (const { config: name, secret } of linesOf(schemas.config, schemas.secrets)) {
    if (!name || !secret || !isNone(schemas.config.properties?.[name]?.default)) continue
    if (needsNone(schemas.config, name, config[name])) {
      delete after[secret]
      if (kept.includes(secret)) after[secret] = null
    } else if (after[secret] === null) {
      delete after[secret]
    }
  }
  return Object.keys(after).length > 0 ? after : undefined
}

function isNone(value: unknown): boolean {
  return (
    value === 'none' ||
    (typeof value === 'object' && value !== null && 'type' in value && value.type === 'none')
  )
}

function kindOf(schema: Schema, name: string): string {
  return shapeOf(schema, schema.properties?.[name] ?? {}).kind
}
