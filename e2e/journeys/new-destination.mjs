import assert from 'node:assert/strict'
import { release, saveFlow, send, source } from '../lib/seed.mjs'

/** A destination is chosen, tried and made; its receiver fails, its breaker opens, and is closed by hand. */
export async function newDestination(world) {
  const { page, url, call, receiver } = world
  receiver.answer('/orders', 'ok')
  await page.goto(`${url}/destinations`)
  await page.getByRole('link', { name: 'New destination' }).click()
  await page.getByRole('heading', { name: 'Where do messages go?' }).waitFor()
  await page.getByRole('radio', { name: /^Webhook/ }).check()
  await world.shot('new-destination')
  await tryBeforeSaving(world)
  await page.getByLabel('Name', { exact: true }).fill('order-desk')
  await advanced(page)
  await page.getByRole('button', { name: 'Create destination' }).click()
  const health = page.getByRole('region', { name: 'Status' })
  await health.getByRole('heading', { name: 'Takes deliveries' }).waitFor()
  await page.getByText('Nothing has been sent to it yet.').waitFor()
  const id = new URL(page.url()).pathname.split('/').at(-1)
  assert.equal((await call('GET', `/destinations/${id}`)).config.breaker.failures, 1)

  await saveFlow(call, 'order-desk')
  await release(call, 'order-desk')
  const orders = await source(call, 'production', 'orders', 'order-desk')
  await send(orders, { order_id: 'A-1' })
  const recent = page.getByRole('list', { name: 'Last deliveries' }).getByRole('listitem')
  await recent.filter({ hasText: 'Delivered' }).first().waitFor()

  receiver.answer('/orders', 'down')
  await send(orders, { order_id: 'A-2' })
  await health.getByRole('heading', { name: 'Breaker open' }).waitFor()
  await health.getByText(/the receiver answered 500/).waitFor()
  await world.shot('breaker-open')
  receiver.answer('/orders', 'ok')
  await health.getByRole('button', { name: 'Close and try now' }).click()
  await health.getByRole('heading', { name: 'Takes deliveries' }).waitFor()
  await recent.filter({ hasText: 'Delivered' }).nth(1).waitFor()
  await world.shot('breaker-closed')
  world.orderDesk = id
  await overtaken(world, id)
}

/** Somebody else saves while the settings are being changed: nothing is lost, and nothing overwritten unasked. */
async function overtaken({ page, url, call, shot }, id) {
  await page.goto(`${url}/destinations/${id}?tab=settings`)
  await page.getByText('deadline, retries, rate, breaker').click()
  await page.getByLabel('Retries', { exact: true }).selectOption('brief')
  const { config } = await call('GET', `/destinations/${id}`)
  const theirs = { ...config, method: 'PUT' }
  await call('PUT', `/destinations/${id}`, { name: 'order-desk', config: theirs })
  const asked = page.getByRole('alert', { name: 'Somebody else has saved this meanwhile' })
  await asked.waitFor()
  assert.equal(await page.getByLabel('Retries', { exact: true }).inputValue(), 'brief')
  await asked.scrollIntoViewIfNeeded()
  await shot('overtaken')
  await asked.getByRole('button', { name: 'Load theirs' }).click()
  await page.getByRole('button', { name: 'Back to mine' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await asked.waitFor({ state: 'detached' })
  await page.getByText('Saved. The next attempt is made by it.').waitFor()
  assert.equal((await call('GET', `/destinations/${id}`)).config.retry, 'brief')
}

/** A wrong address is told at its field; the right one is called, and what came back is shown. */
async function tryBeforeSaving({ page, receiver, shot }) {
  const address = page.getByLabel('Address', { exact: true })
  await address.fill('orders')
  await page.getByRole('button', { name: 'Send test' }).click()
  await page.getByText(/It is not an address/).waitFor()
  assert.equal(await address.getAttribute('aria-invalid'), 'true')
  await address.fill(`${receiver.url}/orders`)
  await page.getByLabel('Message', { exact: true }).fill('{"order": "A-0"}')
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.getByText('This would be 1 request.').waitFor()
  await page.getByRole('button', { name: 'Send test' }).click()
  await page.getByText('It has arrived.').waitFor()
  await page.getByRole('region', { name: 'Response' }).getByText('TCK-4821').waitFor()
  await shot('tested')
}

/** One failure opens the breaker, for longer than the journey takes; what failed is due again at once. */
async function advanced(page) {
  await page.getByText('deadline, retries, rate, breaker').click()
  await page.getByLabel('Retries', { exact: true }).selectOption('own')
  await page.getByLabel('Delays', { exact: true }).fill('10ms, 10ms')
  await page.getByText('Breaker', { exact: true }).click()
  await page.getByLabel('Failures in a row').fill('1')
  for (const name of ['First pause', 'Longest pause']) {
    const pause = page.getByLabel(name)
    await pause.fill('1')
    await pause.locator('xpath=following-sibling::select').selectOption('h')
  }
}
