import assert from 'node:assert/strict'

/** Ctrl+K leads to places, ids, environments, themes and languages. */
export async function palette(world) {
  const { page } = world
  const command = async (text) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
  }
  await command(world.event)
  await page.waitForURL(new RegExp(`/events/${world.event}`))

  await command('nodes')
  await page.getByRole('heading', { name: 'One node, with its database inside' }).waitFor()
  assert.equal(await page.getByRole('row').filter({ hasText: 'this one' }).count(), 1)
  await page.keyboard.press('g')
  await page.keyboard.press('e')
  await page.waitForURL(/\/events/)

  await command('environment test')
  await page.waitForURL(/env=test/)
  await page.getByRole('heading', { name: 'No event yet' }).waitFor()
  await command('environment production')
  await page.waitForURL((url) => !url.search.includes('env='))

  await command('theme dark')
  assert.equal(await page.evaluate(() => document.documentElement.style.colorScheme), 'dark')
  await command('中文')
  await page.getByRole('link', { name: '投递' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh')
  await world.shot('chinese-dark')
  await command('English')
  await page.getByRole('link', { name: 'Deliveries' }).waitFor()
  await command('theme light')

  await page.keyboard.press('?')
  const keys = page.getByRole('dialog', { name: 'Keys' })
  await keys.waitFor()
  await page.keyboard.press('Escape')
  await keys.waitFor({ state: 'detached' })
}
