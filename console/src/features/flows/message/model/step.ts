import type { Document } from 'yaml'
import { isRecord, type Path } from '~/ui/form/value'
import { readText } from './edit'
import { collectionAt, entryAt, entrySpan } from './places'

/** A step that delivers, as its flow's text has it. */
export interface Step {
  destination: string
  body: unknown
  params: unknown
  headers: unknown
  orderKey: unknown
  awaits: boolean
  /** The lines that say all this. */
  lines: string
}

/** Where a step stands in its flow. */
export const stepPath = (node: string): Path => ['nodes', node]

/** Reads a step that delivers; undefined where the text has none of this name. */
export function readStep(text: string, node: string): Step | undefined {
  const { doc } = readText(text)
  if (doc.errors.length > 0) return undefined
  const flow: unknown = doc.toJS()
  const step = isRecord(flow) && isRecord(flow.nodes) ? flow.nodes[node] : undefined
  if (!isRecord(step) || !/^deliver(@\d+)?$/.test(String(step.kind))) return undefined
  const { destination, body, params, headers, order_key } = step
  return {
    destination: typeof destination === 'string' ? destination : '',
    body,
    params,
    headers,
    orderKey: order_key,
    awaits: step.await === true,
    lines: linesOf(text, doc, node),
  }
}

function linesOf(text: string, doc: Document, node: string): string {
  const nodes = collectionAt(doc, ['nodes'])
  const span = nodes && entrySpan(text, nodes, entryAt(nodes, node))
  if (!span) return ''
  const start = text.lastIndexOf('\n', span.from) + 1
  const indent = span.from - start
  const lines = text.slice(start, span.to).split('\n')
  return lines.map((line) => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line)).join('\n')
}
