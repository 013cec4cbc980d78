// Starts the real binary on a free port with an empty data folder, and stops it again.

import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = new URL('../../', import.meta.url).pathname

/** The binary that is tested: `E2E_BIN`, else the newer one of this checkout's release and debug builds. */
export function binary() {
  if (process.env.E2E_BIN) return process.env.E2E_BIN
  const built = ['target/release/linchpin', 'target/debug/linchpin']
    .map((path) => join(ROOT, path))
    .filter(existsSync)
  const [newest] = built.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)
  if (!newest)
    throw new Error('There is no binary; build it with `cargo build -p server`, or name one in E2E_BIN.')
  return newest
}

/** A port that nobody listens on. */
export async function freePort() {
  const probe = createServer()
  await new Promise((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address()
  await new Promise((done) => probe.close(done))
  return port
}

/**
 * Starts a server and waits until it is ready.
 * `publicUrl` is what its links begin with; its own address unless something stands before it.
 */
export async function startServer({ port, publicUrl } = {}) {
  const listen = port ?? (await freePort())
  const data = await mkdtemp(join(tmpdir(), 'linchpin-e2e-'))
  const url = `http://127.0.0.1:${listen}`
  const flags = ['--data-dir', data, '--listen', `127.0.0.1:${listen}`, '--allow-cidr', '127.0.0.0/8']
  if (publicUrl) flags.push('--public-url', publicUrl)
  const child = spawn(binary(), ['serve', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let log = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (log += chunk))
  const ended = new Promise((done) => child.once('exit', done))
  await ready(url, child, () => log)
  const token = await until(() => out.match(/\/setup#token=(\S+)/)?.[1], 'the set-up link')
  return {
    url,
    token,
    log: () => log,
    async stop() {
      child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(forced)
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** Waits until `probe` gives something, and gives it back. */
export async function until(probe, what, patienceMs = 15_000) {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const value = await probe()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`)
    await new Promise((done) => setTimeout(done, 25))
  }
}

async function ready(url, child, log) {
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}:\n${log()}`)
    return fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
  }, 'the server to be ready')
}
