import { stringify } from 'yaml'

/** A value as YAML that a person would write: long texts as blocks, no needless quotes. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: 'literal' })
}
