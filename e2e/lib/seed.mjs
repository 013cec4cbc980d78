// What a small shop would have: flows, destinations, sources.

import { readFile } from 'node:fs/promises'

const FLOWS = new URL('../flows/', import.meta.url)

/** Saves a flow's draft from its file, which is called like the flow unless another is named. */
export async function saveFlow(call, name, file = name) {
  const definition = await readFile(new URL(`${file}.yaml`, FLOWS), 'utf8')
  return call('PUT', `/flows/${name}`, { definition })
}

/** Publishes a flow's draft and lets it serve. */
export async function release(call, name, environments = ['production'], note = 'First version') {
  const { number } = await call('POST', `/flows/${name}/versions`, { note })
  for (const environment of environments) {
    await call('POST', `/flows/${name}/deployments`, { environment, version: number })
  }
  return number
}

/** Makes a webhook destination in an environment. */
export function destination(call, environment, name, url, config = {}) {
  return call('POST', `/environments/${environment}/destinations`, {
    name,
    config: { kind: 'webhook', url, retry: 'brief', ...config },
  })
}

/** Adds a chat model, which a server at this address answers for. */
export async function chatModel(call, name, url) {
  await call('PUT', '/providers/mock', { config: { base_url: url } })
  await call('PUT', `/models/${name}`, { provider: 'mock', purpose: 'chat' })
}

/** Makes a source that anybody may call, which only tests should. */
export function source(call, environment, name, flow, mode = 'accept') {
  return call('POST', `/environments/${environment}/sources`, {
    name,
    flow,
    config: { verification: { scheme: 'none' }, reply: { mode } },
    secrets: { scheme: 'none' },
  })
}

/** Sends a webhook to a source, as a sender would. */
export async function send(source, body) {
  const answer = await fetch(source.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'Shop/4.2' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, event: answer.headers.get('linchpin-event'), body: await answer.text() }
}
