/** A key of Standard Webhooks. */
export function signingKey(): string {
  return `whsec_${base64(random(32))}`
}

export function random(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
