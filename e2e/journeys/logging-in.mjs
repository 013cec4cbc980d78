import assert from 'node:assert/strict'
import { PERSON } from './first-start.mjs'

/** Logging out, in by password, and in by a link that works once. */
export async function loggingIn(world) {
  const { page, url, call } = world
  await page.goto(`${url}/runs`)
  await page.getByRole('button', { name: 'You' }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.waitForURL(/\/login/)

  // What one wanted to see is there after logging in.
  await page.goto(`${url}/deliveries?state=dead`)
  await page.waitForURL(/\/login\?next=/)
  await page.getByLabel('Mail address').fill(PERSON.email)
  await page.getByLabel('Password').fill('wrong horse battery')
  await page.keyboard.press('Enter')
  await page.getByText('Address or password are wrong.').waitFor()
  await page.getByLabel('Password').fill(PERSON.password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/deliveries\?state=dead/)

  await page.context().clearCookies()
  const link = await call('POST', '/login-links')
  await page.goto(link.url)
  await page.waitForURL(`${url}/events`)
  assert.ok(!page.url().includes('token'), 'the token is not left in the address')
  await page.context().clearCookies()
  await page.goto(`${url}/livez`)
  await page.goto(link.url)
  await page.getByText('The link was used, or has expired').waitFor()
}
