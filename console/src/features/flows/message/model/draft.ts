import { type Document, isMap, isSeq } from 'yaml'
import type { Path } from '~/ui/form/value'
import { readText, removing, renaming, type Source, type Splice, setting, swapping } from './edit'
import { collectionAt, entryAt, keyOf } from './places'

/** A change of what a text says. */
export type Change =
  | { do: 'set'; path: Path; value: unknown }
  | { do: 'remove'; path: Path }
  | { do: 'rename'; path: Path; name: string }
  /** Exchanges the entry at this place with the next one. */
  | { do: 'swap'; path: Path; place: number }

/**
 * A text with a change in it: everything else stays as it was written, byte for byte. What cannot be changed where it
 * stands, such as an alias, is changed in what the text says, and the text is written anew with its comments.
 */
export function changed(text: string, wish: Change): string {
  const source = readText(text)
  const change = wish.do === 'set' ? reaching(source.doc, wish) : wish
  const wanted = source.doc.clone()
  apply(wanted, change)
  const splice = spliceOf(source, change)
  if (splice) {
    const result = text.slice(0, splice.from) + splice.text + text.slice(splice.to)
    const read = readText(result).doc
    if (read.errors.length === 0 && says(read) === says(wanted)) return result
  }
  return wanted.toString({ lineWidth: 0 })
}

/** Several changes, one after another. */
export function changedBy(text: string, changes: readonly Change[]): string {
  return changes.reduce(changed, text)
}

/** What is around a value may not be there yet, or be no object: then it comes with the value. */
function reaching(doc: Document, { path, value }: Extract<Change, { do: 'set' }>): Change {
  let [own, within] = [path, value]
  while (own.length > 1 && !collectionAt(doc, own.slice(0, -1))) {
    const key = own.at(-1)
    within = typeof key === 'number' ? [within] : { [String(key)]: within }
    own = own.slice(0, -1)
  }
  return { do: 'set', path: own, value: within }
}

function spliceOf(source: Source, change: Change): Splice | undefined {
  switch (change.do) {
    case 'set':
      return setting(source, change.path, change.value)
    case 'remove':
      return removing(source, change.path)
    case 'rename':
      return renaming(source, change.path, change.name)
    case 'swap':
      return swapping(source, change.path, change.place)
  }
}

/** The same in what the text says. */
function apply(doc: Document, change: Change) {
  const { path } = change
  switch (change.do) {
    case 'set':
      doc.setIn(path, doc.createNode(change.value))
      return
    case 'remove':
      doc.deleteIn(path)
      return
    case 'rename': {
      const of = collectionAt(doc, path.slice(0, -1))
      const pair = isMap(of) ? of.items[entryAt(of, path.at(-1) ?? '')] : undefined
      if (pair) pair.key = doc.createNode(change.name)
      return
    }
    case 'swap': {
      const of = collectionAt(doc, path)
      if (of) of.items.splice(change.place, 2, ...of.items.slice(change.place, change.place + 2).reverse())
    }
  }
}

/** What a text says, with the order of its keys. */
function says(doc: Document): string {
  return JSON.stringify(ordered(doc.contents, doc))
}

function ordered(node: unknown, doc: Document): unknown {
  if (isMap(node)) return { keys: node.items.map((pair) => [keyOf(pair), ordered(pair.value, doc)]) }
  if (isSeq(node)) return node.items.map((item) => ordered(item, doc))
  const value = (node as { toJS?: (doc: Document) => unknown } | null)?.toJS?.(doc)
  return value ?? null
}
