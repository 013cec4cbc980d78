import assert from 'node:assert/strict'
import { send } from '../lib/seed.mjs'

const BODY = { data: { query: 'My machine shows E3', user_id: 'u-1', lines: [{ sku: 'A-1' }] } }

/** A new source hears what its sender sends, takes its fields from that, and keeps it as a sample. */
export async function listening(world) {
  const { page, url, call } = world
  await page.goto(`${url}/sources/new`)
  await page.getByLabel('Name', { exact: true }).fill('web-shop')
  await page.getByLabel('Flow', { exact: true }).selectOption('after-sales-assistant')
  await page.getByRole('radio', { name: /^None/ }).check()
  await page.getByRole('button', { name: 'Create source' }).click()
  await page.getByRole('heading', { name: 'web-shop' }).waitFor()
  const sources = await call('GET', '/environments/production/sources')
  const source = sources.find(({ name }) => name === 'web-shop')

  await page.getByRole('link', { name: 'Listen' }).click()
  await page.getByRole('button', { name: 'Wait for the next request' }).click()
  await page.getByText('Waiting for the next request …').waitFor()
  // It does not fit yet: the flow's inputs are deeper in it.
  assert.equal((await send(source, BODY)).status, 422)
  await page.getByRole('heading', { name: 'Refused', exact: true }).waitFor()
  await page.getByText('expected string, got nothing').first().waitFor()
  await world.shot('heard')
  for (const input of ['query', 'user_id']) {
    assert.ok(await page.getByLabel(new RegExp(`^body\\.data\\.${input}(?! is)`)).isChecked(), input)
  }
  await page.getByRole('button', { name: 'Put 2 fields into the mapping' }).click()

  await unsaved(world)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. The next request is judged by it.').waitFor()
  await page.getByRole('link', { name: 'Listen' }).click()
  await page.getByRole('button', { name: 'Wait for the next request' }).click()
  await page.getByText('Waiting for the next request …').waitFor()
  assert.equal((await send(source, BODY)).status, 202)
  await page.getByRole('heading', { name: 'Accepted', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Pin as sample' }).click()
  const dialog = page.getByRole('dialog', { name: 'Pin as sample' })
  await dialog.getByLabel('Name').fill('first-order')
  await dialog.getByRole('button', { name: 'Pin as sample' }).click()
  await page.getByRole('button', { name: 'Show it' }).click()
  const sample = page.getByRole('region', { name: 'first-order' })
  await sample.getByRole('tree', { name: 'Body' }).getByText(BODY.data.query).waitFor()
  const [pinned] = await call('GET', `/sources/${source.id}/samples`)
  assert.equal(pinned.name, 'first-order')
  world.heard = source
  await world.shot('sample')
}

/** What is not saved is kept on the page's other sides, and asked about before it is left. */
async function unsaved({ page }) {
  await page.getByRole('link', { name: 'Fields (not saved)' }).waitFor()
  const mayClose = () =>
    page.evaluate(() => window.dispatchEvent(new Event('beforeunload', { cancelable: true })))
  assert.equal(await mayClose(), false, 'the browser asks before the tab is closed')
  await page.getByRole('link', { name: 'Destinations' }).click()
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByText('Stay here').click()
  await page.getByRole('heading', { name: 'web-shop' }).waitFor()
}
