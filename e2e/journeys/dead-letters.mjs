import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { destination, release, send, source } from '../lib/seed.mjs'
import { until } from '../lib/server.mjs'

const LETTERS = 6

/** A receiver was down: its dead letters are found, exported, one is edited, one discarded, and all others go out at once. */
export async function deadLetters(world) {
  const { page, call, receiver, url } = world
  const production = '/environments/production'
  const down = await destination(call, 'production', 'erp', `${receiver.url}/down`, { retry: [] })
  await call('PUT', '/flows/erp-orders', { definition: FLOW })
  await release(call, 'erp-orders')
  const orders = await source(call, 'production', 'erp-orders', 'erp-orders')
  for (let order = 1; order <= LETTERS; order++) await send(orders, { order })
  const listed = async (state) =>
    (await call('GET', `${production}/deliveries?destination=${down.id}&state=${state}`)).items
  await until(async () => (await listed('dead')).length === LETTERS, 'the dead letters')

  await page.goto(`${url}/deliveries`)
  await page.getByRole('button', { name: 'Dead letters' }).click()
  await page.getByRole('button', { name: 'Destination', exact: true }).click()
  await page.getByRole('menuitemradio', { name: 'erp' }).click()
  await page.waitForURL(new RegExp(`destination=${down.id}`))
  await page.getByLabel('Reason, such as 503').fill('answered 500')
  await page.waitForURL(/reason=/)
  await page.getByText(`${LETTERS} dead letters fit`).waitFor()
  await world.shot('dead-letters')

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export' }).click(),
  ])
  const lines = (await readFile(await file.path(), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(lines.length, LETTERS)
  assert.equal(lines[0].history[0].record.exchanges[0].response.status, 500)

  // The receiver is mended.
  const config = { kind: 'webhook', url: `${receiver.url}/ok`, retry: 'brief' }
  await call('PUT', `/destinations/${down.id}`, { name: 'erp', config })

  // One says something else.
  await page.getByRole('row').nth(1).getByRole('link').click()
  const article = page.getByRole('article', { name: 'Delivery' })
  await article.getByRole('button', { name: 'Edit and send' }).click()
  const editor = page.getByRole('dialog', { name: 'Edit and send' })
  await editor.getByRole('textbox', { name: 'Message' }).fill('{ "order": ')
  await editor.getByText('This is not JSON').waitFor()
  await world.shot('dead-letter-edit')
  await editor.getByRole('textbox', { name: 'Message' }).fill('{ "order": 66 }')
  await editor.getByRole('button', { name: 'Send' }).click()
  await article.getByText('edited from').waitFor()
  await article.getByText('Attempt 1 · Delivered').waitFor()
  world.edited = page.url().match(/msg_\w+/)[0]
  const edited = await call('GET', `/deliveries/${world.edited}`)
  assert.deepEqual([edited.message, edited.state], [{ order: 66 }, 'delivered'])
  await world.shot('dead-letter-edited')

  // One is given up.
  const [doomed] = await listed('dead')
  await page.goto(`${url}/deliveries/${doomed.id}`)
  await article.getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await article.getByText('Discarded').first().waitFor()
  assert.equal((await listed('discarded')).length, 1)

  // All others go out.
  await page.goto(`${url}/deliveries?state=dead&destination=${down.id}`)
  await page.getByText(`${LETTERS - 2} dead letters fit`).waitFor()
  await page.getByRole('button', { name: 'Send all again' }).click()
  const form = page.getByRole('dialog', { name: 'Send all again' })
  await form.getByText(`Send ${LETTERS - 2} dead letters again?`).waitFor()
  await world.shot('dead-letters-replay')
  await form.getByRole('button', { name: 'Send again' }).click()
  // Nobody touches the page: it comes to know that all are gone.
  await page.getByText('0 dead letters fit').waitFor()
  await page.getByRole('link', { name: 'Bulk jobs' }).click()
  const job = page.getByRole('row').filter({ hasText: 'Send dead letters again' }).first()
  await job.getByText(`${LETTERS - 2}/${LETTERS - 2}`).waitFor()
  await world.shot('bulk-jobs')
  await job.getByRole('link').click()
  await page.getByRole('article', { name: 'Send dead letters again' }).getByText('Skipped', { exact: true }).waitFor()
  await world.shot('dead-letters-done')
  await until(async () => (await listed('delivered')).length === LETTERS - 1, 'all to arrive')
}

const FLOW = `linchpin: flow/v1
name: erp-orders
inputs:
  order: { type: integer, required: true }
nodes:
  record: { kind: deliver, destination: erp, body: { order: "{{ input.order }}" } }
edges: [start -> record]
`
