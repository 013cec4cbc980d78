import assert from 'node:assert/strict'
import { send } from '../lib/seed.mjs'

/** What a broken flow did to many events is made good: it is mended, and all of them run again, watched by the person. */
export async function bulkReplay(world) {
  const { page, call } = world
  const production = '/environments/production'
  const flow = (text) => ({
    definition: `linchpin: flow/v1
name: ratio
inputs:
  parts: { type: integer, required: true }
nodes:
  say: { kind: template, text: "${text}" }
edges: [start -> say]
outputs: { text: "{{ nodes.say.text }}" }
`,
  })
  const release = async (text) => {
    await call('PUT', '/flows/ratio', flow(text))
    const { number } = await call('POST', '/flows/ratio/versions', {})
    await call('POST', '/flows/ratio/deployments', { environment: 'production', version: number })
  }
  await release('{{ 100 // input.parts }}')
  const source = await call('POST', `${production}/sources`, {
    name: 'ratios',
    flow: 'ratio',
    config: { verification: { scheme: 'none' }, reply: { mode: 'wait' } },
    secrets: { scheme: 'none' },
  })
  for (const parts of [0, 1, 0, 2, 0]) await send(source, { parts })
  await release("{{ 100 // input.parts if input.parts else 'nothing' }}")

  await page.goto(`${world.url}/events?source=${source.id}`)
  await page.getByRole('button', { name: 'Replay…' }).click()
  const form = page.getByRole('dialog', { name: 'Replay many events' })
  await form.getByText('5 events fit').waitFor()
  await form.getByLabel('Original run').selectOption({ label: 'Failed' })
  await form.getByText('3 events fit').waitFor()
  await form.getByRole('radio', { name: /^The deployed version/ }).check()
  await world.shot('bulk-replay-form')
  await form.getByRole('button', { name: 'Replay 3 events' }).click()

  await page.waitForURL(/\/jobs\/job_/)
  const replay = page.getByRole('article', { name: 'Replay of events' })
  // Nobody touches the page: it comes to know that the replay is over.
  await replay.getByText('Done', { exact: true }).first().waitFor()
  await page.locator('[role=progressbar][aria-valuenow="3"]').waitFor()
  const runs = replay.getByRole('region', { name: 'The latest runs' }).getByRole('link')
  assert.equal(await runs.count(), 3)
  assert.equal(await replay.getByRole('region', { name: 'Failed' }).count(), 0)
  await world.shot('bulk-replay')
  await runs.first().click()
  await page.waitForURL(/\/events\/evt_.*run=run_/)
  const shown = page.getByRole('button', { name: /Succeeded.*Replay 1/ })
  await shown.waitFor()
  assert.equal(await shown.getAttribute('aria-pressed'), 'true', 'the new run is shown')
}

/** A request that was refused is tried again in vain, and accepted when the source's mistake is mended. */
export async function triedAgain(world) {
  const { page, call } = world
  const config = (fields) => ({
    verification: { scheme: 'none' },
    reply: { mode: 'accept' },
    ...(fields && { fields }),
  })
  const draft = { name: 'renamed', flow: 'ratio', secrets: { scheme: 'none' } }
  const source = await call('POST', '/environments/production/sources', { ...draft, config: config() })
  const refused = await send(source, { quantity: 4 })
  assert.equal(refused.status, 422)
  await page.goto(`${world.url}/sources/${source.id}`)
  // Refusals are written behind; the list comes to have it by itself.
  await page.getByRole('button', { name: /Refused with 422/ }).click()
  const section = page.getByRole('region', { name: 'Try again' })
  await section.getByRole('button', { name: 'Try again' }).click()
  await section.getByText(/Still refused/).waitFor()
  await world.shot('still-refused')

  const mended = config({ parts: { type: 'integer', from: 'body.quantity', required: true } })
  await call('PUT', `/sources/${source.id}`, { ...draft, config: mended })
  await section.getByRole('button', { name: 'Try again' }).click()
  await section.getByText('It was accepted when it was tried again.').waitFor()
  await world.shot('tried-again')
  await section.getByRole('link', { name: /Open the event/ }).click()
  await page.waitForURL(/\/events\/evt_/)
  await page.getByText('Succeeded').first().waitFor()
}
