import assert from 'node:assert/strict'
import { startModel } from '../lib/model.mjs'
import { chatModel, release, saveFlow, send, source } from '../lib/seed.mjs'

const ANSWER =
  'Switch the machine off, take the water tank out, put it back until it clicks, and wait ten seconds for E3 to go out.'

/** While a model writes, its words appear in the step that is under way. */
export async function streaming(world) {
  const { page, call, url } = world
  const model = await startModel(ANSWER)
  try {
    await chatModel(call, 'slow', model.url)
    await saveFlow(call, 'ask')
    await release(call, 'ask')
    const ask = await source(call, 'production', 'ask', 'ask')

    await page.goto(`${url}/events`)
    await page.getByText('Live', { exact: true }).waitFor()
    const { event } = await send(ask, { query: 'What does E3 mean?' })
    const row = page.getByRole('row').filter({ has: page.locator(`a[href^="/events/${event}"]`) })
    await row.getByText('Running').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('option', { name: /^answer/ }).click()

    const inspector = page.getByRole('region', { name: 'What went in and what came out' })
    await inspector.getByText('as it is written').waitFor()
    const written = () => inspector.locator('section').last().locator('p').last().textContent()
    const before = await written()
    assert.ok(before.length < ANSWER.length, 'the answer is not there at once')
    await page.waitForFunction(
      ([text, length]) =>
        [...document.querySelectorAll('p')].some(
          (p) => text.includes(p.textContent) && p.textContent.length > length,
        ),
      [ANSWER, before.length],
    )
    await world.shot('streaming')
    // What was written is replaced by the step's output.
    await inspector.getByText('finish_reason').waitFor()
    await inspector.getByText('ten seconds for E3 to go out.').waitFor()
    await page.locator('header').getByText('Succeeded').waitFor()
  } finally {
    await model.stop()
  }
}
