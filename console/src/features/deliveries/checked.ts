type Checked = { value: unknown } | { wrong: true; line?: number; column?: number }

/** JSON as it is read, or where it is wrong, as far as the browser says that. */
export function checked(text: string): Checked {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const place = placeOf(error instanceof Error ? error.message : '', text)
    return { wrong: true, ...place }
  }
}

/** Browsers name a line and a column, or a position, or nothing. */
function placeOf(said: string, text: string): { line: number; column: number } | undefined {
  const named = /line (\d+) column (\d+)/.exec(said)
  if (named) return { line: Number(named[1]), column: Number(named[2]) }
  const position = /position (\d+)/.exec(said)
  const at = position ? Number(position[1]) : /end of JSON/.test(said) ? text.length : undefined
  if (at === undefined) return undefined
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
