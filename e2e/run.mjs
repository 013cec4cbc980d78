// Browser tests against the real binary, in headless Chromium.
//   node run.mjs            all journeys; screenshots go to output/
//   E2E_BIN=…               another binary than this checkout's
//   E2E_FRONT=1             the console of console/dist, though the binary shows one of its own

import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { accessible } from './journeys/accessible.mjs'
import { deadLetter } from './journeys/dead-letter.mjs'
import { deadLetters } from './journeys/dead-letters.mjs'
import { firstStart } from './journeys/first-start.mjs'
import { flowPage } from './journeys/flow-page.mjs'
import { listening } from './journeys/listening.mjs'
import { liveAndReplay } from './journeys/live-and-replay.mjs'
import { loggingIn } from './journeys/logging-in.mjs'
import { message } from './journeys/message.mjs'
import { newDestination } from './journeys/new-destination.mjs'
import { newSource } from './journeys/new-source.mjs'
import { palette } from './journeys/palette.mjs'
import { refused } from './journeys/refused.mjs'
import { bulkReplay, triedAgain } from './journeys/replaying.mjs'
import { keyRotation, rotation } from './journeys/rotation.mjs'
import { schedule } from './journeys/schedule.mjs'
import { streaming } from './journeys/streaming.mjs'
import { launch, openPage } from './lib/browser.mjs'
import { showsConsole, startFront } from './lib/front.mjs'
import { startReceiver } from './lib/receiver.mjs'
import { freePort, startServer } from './lib/server.mjs'

/** In this order: each begins where the one before has ended. */
const JOURNEYS = {
  firstStart,
  liveAndReplay,
  deadLetter,
  deadLetters,
  streaming,
  flowPage,
  palette,
  refused,
  bulkReplay,
  triedAgain,
  newSource,
  listening,
  rotation,
  keyRotation,
  schedule,
  newDestination,
  message,
  accessible,
  loggingIn,
}

const output = new URL('./output/', import.meta.url).pathname
await rm(output, { recursive: true, force: true })
mkdirSync(output, { recursive: true })

const stops = []
const started = (thing) => {
  stops.unshift(() => thing.stop())
  return thing
}

/** The address that people open, and the server's. */
async function startLinchpin() {
  const own = started(await startServer())
  if (!process.env.E2E_FRONT && (await showsConsole(own.url))) return { url: own.url, server: own }
  await own.stop()
  stops.shift()
  const port = await freePort()
  const server = started(await startServer({ publicUrl: `http://127.0.0.1:${port}` }))
  const front = started(await startFront(port, server.url))
  return { url: front.url, server }
}

let failed = 0
try {
  const receiver = started(await startReceiver())
  const { url, server } = await startLinchpin()
  const browser = await launch()
  stops.unshift(() => browser.close())
  const { page, faults, context } = await openPage(browser, url)
  page.setDefaultTimeout(15_000)
  const world = {
    browser,
    context,
    page,
    url,
    server,
    receiver,
    shot: (name) => page.screenshot({ path: `${output}${name}.png` }),
  }
  for (const [name, journey] of Object.entries(JOURNEYS)) {
    const begun = performance.now()
    try {
      await journey(world)
      if (faults.length > 0) throw new Error(`The page has faults:\n${[...new Set(faults)].join('\n')}`)
      console.log(`ok   ${name}  ${Math.round(performance.now() - begun)} ms`)
    } catch (error) {
      failed++
      console.error(`FAIL ${name}\n${error.stack}`)
      await world.shot(`failed-${name}`)
      break
    }
  }
} finally {
  for (const stop of stops) await stop()
}
process.exitCode = failed > 0 ? 1 : 0
