import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** axe finds nothing on any page, in either theme and either language, wide and narrow. */
export async function accessible(world) {
  const { page, url, call } = world
  const deliveries = await call('GET', '/environments/production/deliveries?limit=1')
  const runs = await call('GET', '/environments/production/runs?limit=1')
  const destinations = await call('GET', '/environments/production/destinations')
  const { items: jobs } = await call('GET', '/environments/production/jobs')
  const job = (kind) => jobs.find((one) => one.kind === kind).id
  const signing = destinations.find(({ signing_keys }) => signing_keys.length > 0)
  const paths = {
    events: '/events',
    none: '/events?env=test',
    trace: `/events/${world.event}`,
    jobs: '/jobs',
    replay: `/jobs/${job('replay')}`,
    letters: `/jobs/${job('letters')}`,
    runs: '/runs',
    run: `/runs/${runs.items[0].id}`,
    deliveries: '/deliveries',
    deadLetters: '/deliveries?state=dead&since=custom',
    editedLetter: `/deliveries/${world.edited}`,
    delivery: `/deliveries/${deliveries.items[0].id}`,
    flows: '/flows',
    flow: '/flows/after-sales-assistant?node=ticket',
    message: '/flows/order-lines/nodes/tell/message',
    noMessage: '/flows/order-lines/nodes/gone/message',
    sources: '/sources',
    source: `/sources/${world.shop.id}`,
    refused: `/sources/${world.shop.id}?request=${world.refusal}`,
    sourceListen: `/sources/${world.heard.id}?tab=listen`,
    sourceSamples: `/sources/${world.heard.id}?tab=samples`,
    sourceCall: `/sources/${world.shop.id}?tab=call`,
    sourceFields: `/sources/${world.shop.id}?tab=fields`,
    sourceSettings: `/sources/${world.shop.id}?tab=settings`,
    newSource: '/sources/new',
    destinations: '/destinations',
    destination: `/destinations/${destinations[0].id}`,
    keys: `/destinations/${signing.id}?tab=keys`,
    newDestination: '/destinations/new?kind=webhook',
    newRobot: '/destinations/new?kind=dingtalk',
    destinationTest: `/destinations/${world.orderDesk}?tab=test`,
    destinationSettings: `/destinations/${world.orderDesk}?tab=settings`,
    nodes: '/nodes',
    login: '/login',
    missing: '/nowhere',
  }
  const found = []
  for (const [theme, language, width] of [
    ['light', 'en', 1440],
    ['dark', 'zh', 1440],
    ['dark', 'en', 400],
  ]) {
    await page.setViewportSize({ width, height: 900 })
    await page.evaluate((chosen) => localStorage.setItem('linchpin.preferences', JSON.stringify(chosen)), {
      theme,
      language,
    })
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(url + path)
      await page.locator('h1:visible, h2:visible').first().waitFor()
      await page.waitForFunction(() => !document.querySelector('.skeleton'))
      const violations = await audit(page)
      found.push(...violations.map((violation) => `${name} (${theme}, ${language}, ${width}): ${violation}`))
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (overflow > 0) found.push(`${name} (${width}): ${overflow} px too wide`)
      await world.shot(`${name}-${theme}-${language}-${width}`)
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.evaluate(() => localStorage.removeItem('linchpin.preferences'))
  assert.deepEqual(found, [])
}

async function audit(page) {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        (node) => `${id}: ${node.target.join(' ')} ${node.any[0]?.message ?? node.all[0]?.message ?? ''}`,
      ),
    )
  })
}
