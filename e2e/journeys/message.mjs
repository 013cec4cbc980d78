import assert from 'node:assert/strict'
import { release, saveFlow, send, source } from '../lib/seed.mjs'

const LINES = [
  { sku: 'A-1', count: 2 },
  { sku: '00123', count: 1 },
]

/** A field is mapped from a variable, seen with a run's data, sent as a test and saved; the text keeps its comments. */
export async function message(world) {
  const { page, url, call, receiver } = world
  receiver.answer('/orders', 'ok')
  await saveFlow(call, 'order-lines')
  await release(call, 'order-lines')
  const { draft, revision } = await call('GET', '/flows/order-lines')
  const orders = await source(call, 'production', 'order-lines', 'order-lines')
  await send(orders, { order_id: 'B-1', lines: LINES })

  await page.goto(`${url}/flows/order-lines?node=tell`)
  await page.getByRole('link', { name: 'Edit the message' }).click()
  await page.getByRole('heading', { name: 'Message of tell' }).waitFor()
  const preview = page.getByRole('region', { name: 'What would be sent' })
  await preview.getByText('B-1').waitFor()
  await page.getByRole('button', { name: 'lines: Number' }).click()
  await page.getByRole('menuitem', { name: 'Variable' }).click()
  const picker = page.getByRole('dialog', { name: 'Choose a variable' })
  await picker.getByText('"sku":"A-1"').waitFor()
  await world.shot('variables')
  await page.keyboard.type('ordered')
  await page.keyboard.press('Enter')
  await page.getByText('list, type kept').waitFor()
  await preview.getByText('00123').waitFor()

  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByRole('region', { name: 'Result' }).getByText('It has arrived.').waitFor()
  assert.deepEqual(JSON.parse(receiver.last('/orders').body), { order: 'B-1', lines: LINES })
  await world.shot('message')
  await save(world, draft, revision)
}

/** Leaving asks; saving changes the one line, and what follows on it stays. */
async function save({ page, call }, draft, revision) {
  await page.getByRole('link', { name: 'Events' }).click()
  await page.getByRole('button', { name: 'Stay here' }).click()
  await page.getByRole('button', { name: 'Save draft' }).click()
  await page.getByText(`Saved as revision ${revision + 1}.`).waitFor()
  const saved = await call('GET', '/flows/order-lines')
  assert.equal(saved.draft, draft.replace('lines: 0', 'lines: "{{ input.lines }}"'))
  assert.match(saved.draft, /# not mapped yet/)
}
