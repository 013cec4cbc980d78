import assert from 'node:assert/strict'

/** A source's secret is rotated: both are taken for the overlap; without one the old ends at once. */
export async function rotation(world) {
  const { page, url, call } = world
  const first = 'the-first-token-of-the-till'
  const source = await call('POST', '/environments/production/sources', {
    name: 'till',
    flow: 'after-sales-assistant',
    config: { verification: { scheme: 'token' } },
    secrets: { scheme: 'token', tokens: [first] },
  })
  const status = async (token) => {
    const answer = await fetch(source.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: 'Is it open?', user_id: 'u-1' }),
    })
    return answer.status
  }
  assert.equal(await status(first), 202)
  await page.goto(`${url}/sources/${source.id}?tab=settings`)
  const second = await rotate(world, '1h')
  assert.deepEqual([await status(first), await status(second)], [202, 202])
  await page.getByText(/before the rotation is taken as well until/).waitFor()
  await world.shot('rotated')

  const third = await rotate(world, '0s')
  assert.deepEqual([await status(second), await status(third)], [401, 202])
  await page.getByText(/before the rotation is taken as well until/).waitFor({ state: 'detached' })
}

/** Rotates by the dialog; gives the token that was made in it. */
async function rotate({ page, shot }, overlap) {
  await page.getByRole('button', { name: 'Rotate secrets' }).click()
  const dialog = page.getByRole('dialog', { name: 'Rotate secrets' })
  const token = await dialog.locator('input').first().inputValue()
  assert.match(token, /^[\w-]{32}$/)
  await dialog.getByLabel('Overlap').selectOption(overlap)
  await shot('rotating')
  await dialog.getByRole('button', { name: 'Rotate secrets' }).click()
  await dialog.waitFor({ state: 'hidden' })
  return token
}
