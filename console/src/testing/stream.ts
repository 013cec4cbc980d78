/** A stream of server-sent events over which a test says what comes. */
export class FakeStream {
  static readonly all: FakeStream[] = []
  onopen: (() => void) | undefined
  onerror: (() => void) | undefined
  closed = false
  readonly url: string
  private readonly listeners = new Map<string, (event: { data: string }) => void>()

  constructor(url: string) {
    this.url = url
    FakeStream.all.push(this)
  }

  addEventListener(type: string, listener: (event: { data: string }) => void) {
    this.listeners.set(type, listener)
  }

  close() {
    this.closed = true
  }

  say(type: string, data: unknown) {
    this.listeners.get(type)?.({ data: JSON.stringify(data) })
  }

  fail() {
    this.onerror?.()
  }
}
