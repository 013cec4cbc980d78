// The systems at the far end: a receiver whose mood each path decides.

import { createServer } from 'node:http'

/**
 * `/ok` takes everything; `/moody` answers 503 to the first try of each delivery and takes the second;
 * `/down` always answers 500; `/gone` answers 404. `?ms=` says how long each takes to answer.
 */
export async function startReceiver() {
  const seen = new Set()
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const id = request.headers['webhook-id'] ?? ''
      const again = seen.has(id)
      seen.add(id)
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://receiver')
      const [status, body] = answer(pathname, again)
      setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      }, Number(searchParams.get('ms') ?? 0))
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => new Promise((done) => server.close(done)),
  }
}

function answer(path, again) {
  if (path.startsWith('/moody') && !again) return [503, { error: 'The ticket system restarts; try again.' }]
  if (path.startsWith('/down')) return [500, { error: 'The database of the CRM is not reachable.' }]
  if (path.startsWith('/gone')) return [404, { error: 'There is no such robot.' }]
  return [200, { accepted: true, id: 'TCK-4821' }]
}
