import { destination, release, saveFlow, send, source } from '../lib/seed.mjs'

/** A delivery that used up its attempts is found among the dead letters and sent again. */
export async function deadLetter(world) {
  const { page, call, receiver } = world
  const down = await destination(call, 'production', 'crm', `${receiver.url}/down`, { retry: [] })
  await saveFlow(call, 'crm-welcome')
  await release(call, 'crm-welcome')
  world.crm = await source(call, 'production', 'crm-new-customer', 'crm-welcome')

  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.waitForURL(/\/deliveries/)
  await send(world.crm, { name: 'Lin Yue' })
  const row = page.getByRole('row').filter({ hasText: 'crm' })
  await row.getByText('Dead letter').waitFor()

  await page.getByRole('button', { name: 'Dead letters' }).click()
  await page.waitForURL(/state=dead/)
  await page.getByRole('row').filter({ hasText: 'Delivered' }).first().waitFor({ state: 'detached' })
  await row.waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'crm' }).waitFor()
  await page.getByText('The database of the CRM is not reachable.').first().waitFor()
  await world.shot('dead-letter')

  // The receiver is mended, and the letter goes out.
  const config = { kind: 'webhook', url: `${receiver.url}/ok`, retry: 'brief' }
  await call('PUT', `/destinations/${down.id}`, { name: 'crm', config })
  await page.getByRole('article').getByRole('button', { name: 'Send again' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('It is sent again now, under the same id.').waitFor()
  await page.getByText('Attempt 2 · Delivered').waitFor()
}
