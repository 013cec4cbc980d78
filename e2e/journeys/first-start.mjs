import assert from 'node:assert/strict'
import { caller, keyBySession } from '../lib/api.mjs'

export const PERSON = { name: 'Ann Lee', email: 'ann@example.com', password: 'correct horse battery' }

/** The printed link leads to a form, and the form into an empty console that teaches the next step. */
export async function firstStart(world) {
  const { page, url, server } = world
  await page.goto(`${url}/setup#token=${server.token}`)
  await page.getByLabel('Your name').waitFor()
  // All by keyboard: the first field has the focus.
  await page.keyboard.type(PERSON.name)
  await page.keyboard.press('Tab')
  await page.keyboard.type(PERSON.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type('too short')
  await page.keyboard.press('Enter')
  assert.equal(new URL(page.url()).pathname, '/setup', 'a short password is not taken')
  await page.keyboard.press('Control+A')
  await page.keyboard.type(PERSON.password)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${url}/events`)
  await page.getByRole('heading', { name: 'No event yet' }).waitFor()
  await world.shot('empty-events')
  await page.getByRole('link', { name: 'Make the first flow' }).click()
  await page.getByRole('heading', { name: 'No flow yet' }).waitFor()
  await page.getByRole('button', { name: 'Put an API key into it' }).click()
  await page.getByText('The key is shown this once.').waitFor()
  const example = await page.locator('pre').textContent()
  const key = example.match(/Bearer (lpk_[\w-]+)/)?.[1]
  assert.ok(key, 'the example has a key in it')
  const { role } = await caller(url, key)('GET', '/me')
  assert.equal(role, 'editor')
  await world.shot('empty-flows')

  const cookies = await world.context.cookies()
  const session = cookies.find(({ name }) => name === 'linchpin_session')
  assert.ok(session?.httpOnly, 'scripts cannot read the session')
  world.call = caller(url, await keyBySession(url, `${session.name}=${session.value}`))
}
