import { Fragment } from 'react'

/** A part of a line with its colour. */
interface Part {
  text: string
  look: 'key' | 'text' | 'comment' | 'template' | 'plain'
}

const LOOKS: Record<Part['look'], string> = {
  key: 'text-code-key',
  text: 'text-code-text',
  comment: 'text-ink-3',
  template: 'text-code-word',
  plain: '',
}

/** YAML with line numbers, and colours for keys, texts, templates and comments. */
export function Yaml({ text }: { text: string }) {
  const lines = text.replace(/\n$/, '').split('\n')
  return (
    <pre className="px-4 pb-4 font-mono text-small leading-5">
      {lines.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
        <Fragment key={place}>
          <span className="flex">
            <span
              aria-hidden="true"
              className="tabular w-8 shrink-0 pr-3 text-right text-ink-3 opacity-70 select-none"
            >
              {place + 1}
            </span>
            <span className="min-w-0 flex-1 break-words whitespace-pre-wrap" style={hanging(line)}>
              {partsOf(line).map((part, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line keep their order
                <span key={at} className={LOOKS[part.look]}>
                  {part.text}
                </span>
              ))}
              {'\n'}
            </span>
          </span>
        </Fragment>
      ))}
    </pre>
  )
}

/** A line that is too long goes on a little further in than it began. */
function hanging(line: string) {
  const indent = line.length - line.trimStart().length + 2
  return { paddingInlineStart: `${indent}ch`, textIndent: `-${indent}ch` }
}

const KEY = /^(\s*(?:- )?)([\w.@-]+)(:)(?=\s|$)/
const REST = /(\{\{.*?\}\}|\{%.*?%\})|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|((?:^|\s)#.*$)/g

/** A line in parts. It knows enough YAML to colour it, not to read it. */
export function partsOf(line: string): Part[] {
  const parts: Part[] = []
  const key = KEY.exec(line)
  let rest = line
  if (key) {
    const [whole, indent = '', name = '', colon = ''] = key
    parts.push({ text: indent, look: 'plain' }, { text: name, look: 'key' }, { text: colon, look: 'plain' })
    rest = line.slice(whole.length)
  }
  let from = 0
  for (const match of rest.matchAll(REST)) {
    if (match.index > from) parts.push({ text: rest.slice(from, match.index), look: 'plain' })
    const look = match[1]
      ? 'template'
      : match[2]
        ? match[2].includes('{{')
          ? 'template'
          : 'text'
        : 'comment'
    parts.push({ text: match[0], look })
    from = match.index + match[0].length
  }
  if (from < rest.length) parts.push({ text: rest.slice(from), look: 'plain' })
  return parts.filter((part) => part.text !== '')
}
