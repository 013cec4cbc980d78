import { isMap, parseDocument } from 'yaml'

/**
 * A flow's text with more inputs; what is written in it stays, comments too. They are optional: a required one would
 * have the flow refuse those who send none today.
 */
export function withInputs(definition: string, inputs: readonly { name: string; type: string }[]): string {
  const document = parseDocument(definition)
  if (!isMap(document.get('inputs'))) document.set('inputs', document.createNode({}))
  for (const { name, type } of inputs) {
    if (document.hasIn(['inputs', name])) continue
    document.setIn(['inputs', name], document.createNode({ type }, { flow: true }))
  }
  return document.toString({ lineWidth: 0 })
}
