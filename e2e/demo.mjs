// Starts a server with a small shop in it and keeps it running, to look at and to develop against.
//   node demo.mjs [port]

import { caller, ownerKey } from './lib/api.mjs'
import { startReceiver } from './lib/receiver.mjs'
import { startServer } from './lib/server.mjs'
import { fillShop, sendMorning } from './lib/shop.mjs'

const person = { name: 'Ann Lee', email: 'ann@example.com', password: 'correct horse battery' }
const receiver = await startReceiver()
const server = await startServer({ port: Number(process.argv[2] ?? 8600) })
const key = await ownerKey(server.url, server.token, person)
const sources = await fillShop(caller(server.url, key), receiver.url)
await sendMorning(sources)
console.log(`${server.url}  ${person.email}  ${person.password}`)
console.log(JSON.stringify({ key, sources: Object.fromEntries(Object.entries(sources).map(([n, s]) => [n, s.url])) }))
process.on('SIGINT', () => void server.stop().then(() => process.exit(0)))
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)))
