// Starts a server with a small shop in it and keeps it running, to look at and to develop against.
//   node demo.mjs [port]          the console at the port, the server behind it

import { caller, ownerKey } from './lib/api.mjs'
import { startFront } from './lib/front.mjs'
import { startModel } from './lib/model.mjs'
import { startReceiver } from './lib/receiver.mjs'
import { startServer } from './lib/server.mjs'
import { ANSWER, fillShop, SHOP_MOODS, sendMorning } from './lib/shop.mjs'

const person = { name: 'Ann Lee', email: 'ann@example.com', password: 'correct horse battery' }
const port = Number(process.argv[2] ?? 8600)
const receiver = await startReceiver(SHOP_MOODS)
const model = await startModel(ANSWER, 18)
const server = await startServer({ publicUrl: `http://127.0.0.1:${port}` })
const front = await startFront(port, server.url)
const key = await ownerKey(server.url, server.token, person)
const sources = await fillShop(caller(server.url, key), receiver.url, model.url)
await sendMorning(sources)
console.log(`${front.url}  ${person.email}  ${person.password}`)
const urls = Object.fromEntries(Object.entries(sources).map(([name, { url }]) => [name, url]))
console.log(JSON.stringify({ key, sources: urls }))

async function stop() {
  await front.stop()
  await server.stop()
  await receiver.stop()
  await model.stop()
  process.exit(0)
}
process.on('SIGINT', () => void stop())
process.on('SIGTERM', () => void stop())
