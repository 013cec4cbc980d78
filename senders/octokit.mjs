// Prints a line of JSON for each example payload of GitHub's: its event, the body, and Octokit's own signature of it
// under the secret that is given.
//   node octokit.mjs SECRET

import { createRequire } from 'node:module'
import { sign } from '@octokit/webhooks-methods'

const [secret] = process.argv.slice(2)
const webhooks = createRequire(import.meta.url)('@octokit/webhooks-examples')
for (const { name, examples } of webhooks) {
  for (const example of examples) {
    const body = JSON.stringify(example)
    console.log(JSON.stringify({ event: name, body, signature: await sign(secret, body) }))
  }
}
