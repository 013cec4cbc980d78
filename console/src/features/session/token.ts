/**
 * The token of a link, which stands behind the `#` and so is sent to no server and is in no log. It is
 * taken out of the address, so that it is neither shown nor kept in the history.
 */
export function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!token) return undefined
  history.replaceState(history.state, '', location.pathname + location.search)
  return token
}
