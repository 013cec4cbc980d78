// Serves a freshly built console before a running server, by the rules that the binary serves its own by.
// So the console can be tested without building the binary anew.

import { readFile } from 'node:fs/promises'
import { createServer, request as forward } from 'node:http'
import { extname, join, normalize } from 'node:path'

const DIST = new URL('../../console/dist/', import.meta.url).pathname

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** What pages may load: only what the server itself has, and no inline code or styles. */
export const POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

const BEHIND = /^\/(api|hooks|docs|status|livez|readyz|metrics|\.well-known)(\/|$|\?)/

/** Starts it on a port, before the server at `url`. */
export async function startFront(port, url) {
  const behind = new URL(url)
  const server = createServer((request, response) => {
    if (BEHIND.test(request.url)) pass(request, response, behind)
    else serve(request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(done)
      }),
  }
}

/** Whether the server shows a console of its own. */
export async function showsConsole(url) {
  const answer = await fetch(`${url}/login`, { headers: { accept: 'text/html' } })
  return answer.ok && (answer.headers.get('content-type') ?? '').startsWith('text/html')
}

function pass(request, response, behind) {
  const { method, url: path, headers } = request
  const onward = forward({ host: behind.hostname, port: behind.port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    // A stream that has nothing to say yet is open all the same.
    response.flushHeaders()
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
}

async function serve(request, response) {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname))
  const file = await readFile(join(DIST, path)).catch(() => undefined)
  const found = file !== undefined
  const headers = {
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'content-type': TYPES[found ? extname(path) : '.html'] ?? 'application/octet-stream',
    'cache-control':
      found && path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
  if (!found && path.startsWith('/assets/')) {
    response.writeHead(404)
    response.end()
    return
  }
  response.writeHead(200, headers)
  response.end(file ?? (await readFile(join(DIST, 'index.html'))))
}
