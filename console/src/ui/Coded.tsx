/** Prose in which `backticks` mark what is written as it is. */
export function Coded({ text }: { text: string }) {
  return text.split('`').map((part, place) =>
    place % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
      <code key={place} className="font-mono text-[0.92em] text-ink-2">
        {part}
      </code>
    ) : (
      part
    ),
  )
}
