// Makes the API's types from the OpenAPI document. `--check` only says whether they are up to date.

import { readFile, writeFile } from 'node:fs/promises'
import openapi, { astToString } from 'openapi-typescript'

const source = new URL('../../openapi/v1.json', import.meta.url)
const target = new URL('../src/api/generated/v1.ts', import.meta.url)

const document = JSON.parse(await readFile(source, 'utf8'))
for (const operations of Object.values(document.paths)) {
  // The client calls by path; without ids, each operation's types stand where its path does.
  for (const operation of Object.values(operations)) delete operation.operationId
}

const header = '// Made by `npm run codegen` from openapi/v1.json; do not edit.\n\n'
const made = header + astToString(await openapi(document, { alphabetize: true }))

if (process.argv.includes('--check')) {
  const present = await readFile(target, 'utf8').catch(() => '')
  if (present !== made) {
    console.error('src/api/generated/v1.ts does not match openapi/v1.json; run `npm run codegen`.')
    process.exit(1)
  }
} else {
  await writeFile(target, made)
}
