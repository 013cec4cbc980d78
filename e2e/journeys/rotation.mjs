import assert from 'node:assert/strict'
import { createHmac, createPublicKey, verify } from 'node:crypto'

/** A source's secret is rotated: both are taken for the overlap; without one the old ends at once. */
export async function rotation(world) {
  const { page, url, call } = world
  const first = 'the-first-token-of-the-till'
  const source = await call('POST', '/environments/production/sources', {
    name: 'till',
    flow: 'after-sales-assistant',
    config: { verification: { scheme: 'token' } },
    secrets: { scheme: 'token', tokens: [first] },
  })
  const status = async (token) => {
    const answer = await fetch(source.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: 'Is it open?', user_id: 'u-1' }),
    })
    return answer.status
  }
  assert.equal(await status(first), 202)
  await page.goto(`${url}/sources/${source.id}?tab=settings`)
  const second = await rotate(world, '1h')
  assert.deepEqual([await status(first), await status(second)], [202, 202])
  await page.getByText(/before the rotation is taken as well until/).waitFor()
  await world.shot('rotated')

  const third = await rotate(world, '0s')
  assert.deepEqual([await status(second), await status(third)], [401, 202])
  await page.getByText(/before the rotation is taken as well until/).waitFor({ state: 'detached' })
}

/** Rotates by the dialog; gives the token that was made in it. */
async function rotate({ page, shot }, overlap) {
  await page.getByRole('button', { name: 'Rotate secrets' }).click()
  const dialog = page.getByRole('dialog', { name: 'Rotate secrets' })
  const token = await dialog.locator('input').first().inputValue()
  assert.match(token, /^[\w-]{32}$/)
  await dialog.getByLabel('Overlap').selectOption(overlap)
  await shot('rotating')
  await dialog.getByRole('button', { name: 'Rotate secrets' }).click()
  await dialog.waitFor({ state: 'hidden' })
  return token
}

/** A destination's keys are rotated: its receiver verifies by both, then by the new ones alone. */
export async function keyRotation(world) {
  const { page, url, call, receiver } = world
  const { id, new_keys } = await call('POST', '/environments/production/destinations', {
    name: 'warehouse',
    config: { kind: 'webhook', url: `${receiver.url}/warehouse`, signing: 'standard_webhooks_both' },
  })
  const first = new_keys.find(({ scheme }) => scheme === 'v1').secret
  /** Which of these keys verify a message that is sent now. */
  const verifying = async (...keys) => {
    await call('POST', `/destinations/${id}/test`, { body: { order: 66 } })
    return keys.map((key) => isSignedBy(receiver.last('/warehouse'), key))
  }
  await page.goto(`${url}/destinations/${id}`)
  await page.getByRole('link', { name: 'Signing keys' }).click()
  const keys = page.getByRole('region', { name: 'Signing keys' })
  const [firstPublic] = await publicKeys(keys)
  assert.deepEqual(await verifying(first, firstPublic), [true, true])

  const [second, secondPublic] = await rotateKeys(world, '1h')
  assert.deepEqual(await verifying(first, firstPublic, second, secondPublic), [true, true, true, true])
  await keys.getByText('signs until the overlap ends').first().waitFor()
  assert.deepEqual(new Set(await publicKeys(keys)), new Set([firstPublic, secondPublic]))
  await world.shot('keys-rotated')
  await page.getByRole('button', { name: 'I have it' }).click()
  await page.getByText(second).waitFor({ state: 'detached' })

  const known = await (await fetch(`${url}/.well-known/linchpin.json`)).json()
  assert.ok(known.signing_keys.some(({ public_key }) => public_key === secondPublic), 'it is published')
  const [third, thirdPublic] = await rotateKeys(world, '0s')
  assert.deepEqual(await verifying(second, secondPublic, third, thirdPublic), [false, false, true, true])
}

/** Rotates by the dialog; gives the secret and the public key that are shown then. */
async function rotateKeys({ page, shot }, overlap) {
  await page.getByRole('button', { name: 'Rotate keys' }).click()
  const dialog = page.getByRole('dialog', { name: 'Rotate keys' })
  await dialog.getByLabel('Overlap').selectOption(overlap)
  await shot('rotating-keys')
  const shown = page.waitForResponse((answer) => answer.url().endsWith('/rotate'))
  await dialog.getByRole('button', { name: 'Rotate keys' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const made = (await (await shown).json()).new_keys.map(({ secret, public_key }) => secret ?? public_key)
  const fresh = page.getByRole('region', { name: 'The new keys' })
  for (const key of made) await fresh.getByText(key).waitFor()
  return made
}

const publicKeys = (keys) => keys.locator('code', { hasText: /^whpk_/ }).allTextContents()

/** Whether one of a message's signatures is by this key, as Standard Webhooks has it. */
function isSignedBy({ headers, body }, key) {
  const signed = Buffer.concat([
    Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`),
    body,
  ])
  const bytes = Buffer.from(key.replace(/^wh(sec|pk)_/, ''), 'base64')
  const signatures = headers['webhook-signature'].split(' ').map((signature) => signature.split(','))
  if (key.startsWith('whsec_')) {
    const wanted = createHmac('sha256', bytes).update(signed).digest('base64')
    return signatures.some(([scheme, value]) => scheme === 'v1' && value === wanted)
  }
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  return signatures.some(
    ([scheme, value]) => scheme === 'v1a' && verify(null, signed, publicKey, Buffer.from(value, 'base64')),
  )
}
