// Prints what the first route (the events) needs, gzipped: its page, scripts, styles and words; then the
// fonts that a browser fetches for a page in English. Fails when the first is over its limit.

import { readdir, readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 350
const dist = new URL('../dist/', import.meta.url)

const size = async (path) => gzipSync(await readFile(new URL(path, dist))).length
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`

const page = await readFile(new URL('index.html', dist), 'utf8')
const named = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path)
const words = (await readdir(new URL('assets/', dist))).filter((file) => /^en-.*\.js$/.test(file))
const needed = new Set(['index.html', ...named, ...words.map((file) => `assets/${file}`)])

// What those scripts import in turn.
for (const path of needed) {
  if (!path.endsWith('.js')) continue
  const code = await readFile(new URL(path, dist), 'utf8')
  for (const [, file] of code.matchAll(/from\s*["']\.\/([^"']+\.js)["']/g)) needed.add(`assets/${file}`)
  for (const [, file] of code.matchAll(/^import\s*["']\.\/([^"']+\.js)["']/gm)) needed.add(`assets/${file}`)
}

const sizes = await Promise.all([...needed].map(async (path) => [path, await size(path)]))
const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
for (const [path, bytes] of sizes.sort(([, one], [, other]) => other - one).slice(0, 8)) {
  console.log(`${kb(bytes).padStart(10)}  ${path}`)
}
console.log(`${kb(total).padStart(10)}  first route, ${sizes.length} files (limit ${LIMIT_KB} KB)`)

const fonts = (await readdir(new URL('assets/', dist))).filter((file) =>
  /^(inter|jetbrains-mono)-latin-wght-normal/.test(file),
)
const fontSizes = await Promise.all(fonts.map((file) => size(`assets/${file}`)))
const withFonts = total + fontSizes.reduce((sum, bytes) => sum + bytes, 0)
console.log(`${kb(withFonts).padStart(10)}  with the fonts of a page in English`)
if (withFonts > LIMIT_KB * 1024) process.exit(1)
