import assert from 'node:assert/strict'
import { destination, release, saveFlow, send, source } from '../lib/seed.mjs'

/** A webhook appears in the list by itself; its trace is read and replayed by keyboard. */
export async function liveAndReplay(world) {
  const { page, call, receiver } = world
  await destination(call, 'production', 'ticket-system', `${receiver.url}/moody`)
  await destination(call, 'production', 'service-team', `${receiver.url}/ok`)
  await saveFlow(call, 'after-sales-assistant')
  await release(call, 'after-sales-assistant')
  world.shop = await source(call, 'production', 'shop-chat', 'after-sales-assistant', 'respond')

  await page.goto(`${world.url}/events`)
  await page.getByText('Live', { exact: true }).waitFor()
  const sent = await send(world.shop, { query: 'My machine shows E3', user_id: 'u-208' })
  assert.equal(sent.status, 200)
  world.event = sent.event

  // Nobody touches the page: the event comes to it.
  const row = page.getByRole('row').filter({ has: page.locator(`a[href^="/events/${sent.event}"]`) })
  await row.getByText('Succeeded').waitFor()
  await row.getByText('shop-chat').waitFor()
  await world.shot('live-events')

  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(`/events/${sent.event}`))
  const thread = page.getByRole('listbox', { name: /^Thread/ })
  await thread.getByRole('option', { selected: true }).focus()
  await moveTo(page, 'step.answer')
  const inspector = page.getByRole('region', { name: 'What went in and what came out' })
  await inspector.getByText('Thank you for your message, u-208.').waitFor()
  await inspector.getByText('What the flow tells it').waitFor()
  assert.match(page.url(), /at=step\.answer/, 'the station is in the address')

  // The first attempt was refused, the second taken, while the page was open.
  await thread.getByText('Attempt 2').waitFor()
  await moveTo(page, 'attempt.', 2)
  await inspector.getByText('TCK-4821').waitFor()
  await world.shot('trace')

  await replay(page)
  const switcher = page.getByRole('button', { name: /Replay 1/ })
  await switcher.waitFor()
  assert.equal(await switcher.getAttribute('aria-pressed'), 'true', 'the new run is shown')
  await page.getByRole('button', { name: /Succeeded.*Replay 1/ }).waitFor()
  await world.shot('replayed')

  await page.keyboard.press('Escape')
  await page.waitForURL(/\/events$/)
}

async function replay(page) {
  await page.getByRole('button', { name: 'Replay', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: /On version 1/ }).waitFor()
  await page.keyboard.press('Enter')
  // As long as it closes, Escape is the menu's.
  await page.getByRole('menu').waitFor({ state: 'detached' })
}

/** Goes down the thread by the arrow key until a station is chosen; `times` for the nth of its kind. */
async function moveTo(page, key, times = 1) {
  let met = 0
  for (let step = 0; step < 40; step++) {
    const here = await page.evaluate(() => document.activeElement?.getAttribute('data-key') ?? '')
    if (here.startsWith(key) && ++met === times) return
    await page.keyboard.press('ArrowDown')
  }
  throw new Error(`The arrows do not lead to ${key}.`)
}
