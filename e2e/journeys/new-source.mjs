import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { until } from '../lib/server.mjs'

const run = promisify(execFile)

/** A source is made; a call with a wrong key is refused and says why; the calls to copy are taken as they stand. */
export async function newSource(world) {
  const { page, url, call } = world
  await page.goto(`${url}/sources`)
  await page.getByRole('link', { name: 'New source' }).click()
  await page.getByLabel('Name', { exact: true }).fill('signed-orders')
  await page.getByLabel('Flow', { exact: true }).selectOption('after-sales-assistant')
  await page.getByRole('radio', { name: /^Standard Webhooks/ }).check()
  await world.shot('new-source')
  await page.getByRole('button', { name: 'Create source' }).click()
  await page.getByText('Waiting for the first request').waitFor()
  const sample = await sampleOf(page, 'curl')
  await world.shot('waiting')

  const wrong = sample.replace(/SECRET='whsec_..../, "SECRET='whsec_AAAA")
  assert.notEqual(wrong, sample)
  assert.match((await run('bash', ['-c', wrong])).stdout, /signature_invalid/)
  // Nobody touches the page: what was waited for is shown, with the check that refused it.
  await page.getByRole('heading', { name: 'Signature invalid' }).waitFor()
  const checks = page.getByRole('list', { name: 'The checks, in their order' })
  assert.match(await checks.getByText('Verification').locator('..').textContent(), /failed/)
  assert.match(await checks.getByText('Fields').locator('..').textContent(), /not reached/)
  await world.shot('signature-invalid')

  assert.match((await run('bash', ['-c', sample])).stdout, /event_id/)
  const list = page.getByRole('region', { name: 'Requests' })
  await list.getByRole('button', { name: /^Accepted/ }).click()
  await page.getByRole('heading', { name: 'Accepted · Succeeded' }).waitFor()
  await page.getByRole('row', { name: 'webhook-signature not recorded' }).waitFor()

  await page.getByRole('link', { name: 'How to call it' }).click()
  await run('python3', ['-c', await sampleOf(page, 'Python')])
  await run('node', ['--input-type=module', '-e', await sampleOf(page, 'JavaScript')])
  const source = new URL(page.url()).pathname.split('/').at(-1)
  const taken = async () =>
    (await call('GET', `/environments/production/events?source=${source}`)).items.length
  await until(async () => (await taken()) === 3, 'three events, one by each language')

  await limit(page)
  assert.match((await run('bash', ['-c', sample])).stdout, /body_too_large/)
  await page.getByRole('link', { name: 'Requests' }).click()
  await list.getByRole('button', { name: /Refused with 413/ }).waitFor()
}

async function sampleOf(page, language) {
  await page.getByRole('button', { name: language, exact: true }).click()
  const sample = page.locator('pre').filter({ hasText: 'whsec_' })
  await sample.waitFor()
  return sample.textContent()
}

/** Lowers the limit of the body in the settings; the server refuses one that is none, at its field. */
async function limit(page) {
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('Its secrets are kept sealed.').waitFor()
  await page.getByText('methods, repeated requests, limits').click()
  await page.getByText('Limits', { exact: true }).click()
  const size = page.getByLabel('Body', { exact: true })
  await size.fill('100')
  const unit = size.locator('xpath=following-sibling::select')
  await unit.selectOption('GiB')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('100GiB is not a size from 1B to 64MiB').waitFor()
  assert.equal(await size.getAttribute('aria-invalid'), 'true')
  await size.fill('8')
  await unit.selectOption('B')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. The next request is judged by it.').waitFor()
}
