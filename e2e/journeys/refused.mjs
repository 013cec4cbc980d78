import assert from 'node:assert/strict'

/** A sender's mistake is found on the source's page, with what the sender was told. */
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
  // Refusals are written behind; the list is read when the page opens.
  await page.reload()
  const refusal = page.getByRole('region', { name: 'Refused requests' }).locator('summary').first()
  await refusal.getByText('field_invalid').waitFor()
  await refusal.click()
  await page.getByText('wrong_type').first().waitFor()
  await world.shot('source')
}

/** Whether it is there within a while. */
async function isShown(locator) {
  return locator.waitFor({ timeout: 2000 }).then(
    () => true,
    () => false,
  )
}
