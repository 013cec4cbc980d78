/** The most text kept of one step; the whole comes with its output. */
const LIMIT = 64 * 1024

/** Steps whose text is kept; the oldest goes first. */
const STEPS = 64

/** The text that steps under way have made so far, piece by piece. */
export class TokenStore {
  readonly #texts = new Map<string, string>()
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  text(run: string, step: string): string | undefined {
    return this.#texts.get(`${run}/${step}`)
  }

  append(run: string, step: string, piece: string) {
    const key = `${run}/${step}`
    this.#texts.set(key, ((this.#texts.get(key) ?? '') + piece).slice(-LIMIT))
    const [oldest] = this.#texts.keys()
    if (this.#texts.size > STEPS && oldest !== undefined) this.#texts.delete(oldest)
    this.#tell()
  }

  /** Forgets a step's text: it is tried again. */
  clear(run: string, step: string) {
    if (this.#texts.delete(`${run}/${step}`)) this.#tell()
  }

  #tell() {
    for (const listener of this.#listeners) listener()
  }
}
