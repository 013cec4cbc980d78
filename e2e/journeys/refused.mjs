import assert from 'node:assert/strict'

/** A sender's mistake is found on the source's page: which check refused it, why, and what to do about it. */
export async function refused(world) {
  const { page } = world
  const answer = await fetch(world.shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 7 }),
  })
  assert.equal(answer.status, 422)
  // Two keys that belong together must come within a second, which a busy machine may not manage at once.
  const link = page.getByRole('link', { name: 'shop-chat' })
  for (let tries = 0; tries < 5; tries++) {
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    if (await isShown(link)) break
  }
  await link.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'shop-chat' }).waitFor()
  await page.getByText('Anybody who knows the URL may call it').waitFor()
  // Refusals are written behind; the list comes to have it by itself.
  await page
    .getByRole('region', { name: 'Requests' })
    .getByRole('button', { name: /Refused with 422/ })
    .click()
  const fields = page.getByRole('table', { name: 'Fields that do not fit' })
  await fields.getByRole('row', { name: 'user_id string integer' }).waitFor()
  const checks = page.getByRole('list', { name: 'The checks, in their order' })
  assert.match(await checks.getByText('Body readable').locator('..').textContent(), /passed/)
  assert.match(await checks.getByText('Fields').locator('..').textContent(), /failed/)
  await page.getByText('What to do next').waitFor()
  world.refusal = new URL(page.url()).searchParams.get('request')
  await world.shot('refused')
}

/** Whether it is there within a while. */
async function isShown(locator) {
  return locator.waitFor({ timeout: 2000 }).then(
    () => true,
    () => false,
  )
}
