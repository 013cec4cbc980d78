// The systems at the far end: a receiver whose mood each path decides.

import { createServer } from 'node:http'

/** How a path answers, and after how many milliseconds. */
const MOODS = {
  '/ok': { mood: 'ok', ms: 0 },
  '/moody': { mood: 'moody', ms: 0 },
  '/down': { mood: 'down', ms: 0 },
}

/**
 * Starts it. `ok` takes everything; `moody` answers 503 to the first try of each delivery and takes the
 * second; `down` always answers 500.
 */
export async function startReceiver(given = MOODS) {
  const moods = { ...given }
  const seen = new Set()
  const bodies = new Map()
  const server = createServer((request, response) => {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      bodies.set(request.url, Buffer.concat(parts).toString())
      const id = request.headers['webhook-id'] ?? ''
      const again = seen.has(id)
      seen.add(id)
      const { mood = 'ok', ms = 0 } = moods[request.url ?? '/'] ?? {}
      const [status, body] = answer(mood, again)
      setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      }, ms)
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  return {
    url: `http://127.0.0.1:${port}`,
    /** From now on a path has this mood. */
    answer: (path, mood) => {
      moods[path] = { mood, ms: 0 }
    },
    /** What a path was sent last, as JSON. */
    last: (path) => JSON.parse(bodies.get(path)),
    stop: () => new Promise((done) => server.close(done)),
  }
}

function answer(mood, again) {
  if (mood === 'moody' && !again) return [503, { error: 'The ticket system restarts; try again.' }]
  if (mood === 'down') return [500, { error: 'The database of the CRM is not reachable.' }]
  return [200, { accepted: true, id: 'TCK-4821' }]
}
