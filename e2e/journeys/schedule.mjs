import assert from 'node:assert/strict'

/** A schedule is made beside the sources that are called: its page says when it ticks, and knows of no call. */
export async function schedule({ page, url, shot }) {
  await page.goto(`${url}/sources`)
  await page.getByRole('button', { name: 'New schedule' }).click()
  const dialog = page.getByRole('dialog', { name: 'New schedule' })
  await dialog.getByLabel('Name').fill('nightly')
  await dialog.getByLabel(/^Flow/).selectOption('after-sales-assistant')
  const cron = dialog.getByLabel('When (cron)')
  await cron.fill('30 25 * * *')
  await dialog.getByText(/^The hour .*cannot be read/).waitFor()
  assert.equal(await cron.getAttribute('aria-invalid'), 'true')
  await cron.fill('30 2 * * *')
  await dialog.getByLabel('Time zone').fill('Asia/Shanghai')
  await dialog.getByLabel('Input of the flow').fill('{"user_id": "night", "query": "What is open on {{ tick.date }}?"}')
  await dialog.getByText('At 02:30, every day').waitFor()
  await shot('new-schedule')
  await dialog.getByRole('button', { name: 'Create schedule' }).click()
  const detail = page.getByRole('article', { name: 'nightly' })
  await detail.getByText('02:30:00+08:00').first().waitFor()
  assert.equal(await detail.getByRole('navigation').count(), 0, 'it has no requests, and no call')
  await shot('schedule')

  await detail.getByRole('switch', { name: 'It ticks' }).click()
  await detail.getByText('Switched off').waitFor()
  await page.goto(`${url}/sources`)
  await page.getByRole('row', { name: /nightly.*Schedule.*30 2 \* \* \*/ }).waitFor()
  await shot('sources')
}
