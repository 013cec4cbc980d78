/** The most signs of a sample. */
const LONGEST = 200

/** A value on one line, to be recognised by. */
export function sample(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.replace(/\s+/g, ' ').slice(0, LONGEST)
}
