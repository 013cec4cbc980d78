import assert from 'node:assert/strict'
import { saveFlow } from '../lib/seed.mjs'

/** The graph, a node's settings, a run laid over it, publishing, deploying and the way back. */
export async function flowPage(world) {
  const { page, call } = world
  await page.goto(`${world.url}/flows`)
  await page.getByRole('link', { name: 'after-sales-assistant' }).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const canvas = page.locator('.react-flow')
  await canvas.getByText('escalate').waitFor()
  assert.equal(await canvas.locator('.react-flow__node-step').count(), 8)

  await canvas.locator('.react-flow__node', { hasText: 'ticket' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'ticket' }).waitFor()
  await page.getByText('ticket-system').waitFor()
  await page.keyboard.press('Escape')

  await page
    .getByRole('button', { name: /Succeeded: show on the graph/ })
    .first()
    .click()
  await canvas
    .locator('.react-flow__node', { hasText: 'escalate' })
    .getByText('Skipped')
    .waitFor({ state: 'attached' })
  await world.shot('flow')

  await saveFlow(call, 'after-sales-assistant')
  await page.reload()
  await page.getByRole('button', { name: 'Publish' }).click()
  await page.getByLabel('What has changed').fill('A second version')
  await page.keyboard.press('Enter')
  await page.getByText('Version 2 is published.').waitFor()
  await page.getByRole('tab', { name: 'Versions' }).click()
  await page.getByRole('button', { name: 'Deploy to Production' }).click()
  await page.getByText('Version 2 serves Production now.').waitFor()
  await page.getByRole('button', { name: 'Back to version 1' }).click()
  await page.getByRole('banner').or(page.locator('header')).getByText('v1').first().waitFor()
  const { deployments } = await call('GET', '/flows/after-sales-assistant')
  assert.equal(deployments.find(({ environment }) => environment === 'production').version, 1)
}
