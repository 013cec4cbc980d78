// The API as a script calls it: by a key.

/** Makes the first member by the printed link's token, and a key with the owner's rights. */
export async function ownerKey(url, token, person) {
  const json = { 'content-type': 'application/json' }
  const setUp = await fetch(`${url}/api/v1/setup`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ token, ...person }),
  })
  if (!setUp.ok) throw new Error(`Set-up: ${setUp.status} ${await setUp.text()}`)
  const cookie = setUp.headers.get('set-cookie')?.split(';')[0] ?? ''
  return keyBySession(url, cookie)
}

/** A key with the owner's rights, by a session's cookie. */
export async function keyBySession(url, cookie) {
  const made = await fetch(`${url}/api/v1/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ name: 'tests', role: 'owner' }),
  })
  if (!made.ok) throw new Error(`Key: ${made.status} ${await made.text()}`)
  return (await made.json()).key
}

/** Calls the API with a key; gives the answer's JSON, and throws what the server said otherwise. */
export function caller(url, key) {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
}
