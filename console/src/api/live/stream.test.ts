import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveMessage } from './message'
import { type LiveState, listen } from './stream'
import { TokenStore } from './tokens'

class FakeSource {
  static all: FakeSource[] = []
  onopen = () => {}
  onerror = () => {}
  closed = false
  readonly listeners = new Map<string, (event: { data: string }) => void>()
  readonly url: string

  constructor(url: string) {
    this.url = url
    FakeSource.all.push(this)
  }

  addEventListener(type: string, listener: (event: { data: string }) => void) {
    this.listeners.set(type, listener)
  }

  tell(type: string, data: object) {
    this.listeners.get(type)?.({ data: JSON.stringify(data) })
  }

  close() {
    this.closed = true
  }
}

function listening() {
  const states: LiveState[] = []
  const batches: LiveMessage[][] = []
  const resumed = vi.fn()
  const stop = listen('a b', {
    state: (state) => states.push(state),
    messages: (batch) => batches.push(batch),
    resumed,
  })
  return { states, batches, resumed, stop, source: () => FakeSource.all.at(-1) as FakeSource }
}

const RUN = { run: 'run_1', event: 'evt_1', status: 'running' }

describe('a live connection', () => {
  beforeEach(() => {
    FakeSource.all = []
    vi.useFakeTimers()
    vi.stubGlobal('EventSource', FakeSource)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('hands on a burst together', () => {
    const { batches, source } = listening()
    expect(source().url).toBe('/api/v1/environments/a%20b/live')
    source().onopen()
    source().tell('run', RUN)
    source().tell('run', { ...RUN, status: 'succeeded' })
    source().tell('run', { broken: true })
    expect(batches).toHaveLength(0)
    vi.advanceTimersByTime(100)
    expect(batches.map((batch) => batch.length)).toEqual([2])
  })

  it('connects again after a break, ever more slowly, and says that it is back', () => {
    const { states, resumed, source } = listening()
    source().onopen()
    expect(resumed).not.toHaveBeenCalled()
    source().onerror()
    vi.advanceTimersByTime(499)
    expect(FakeSource.all).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(FakeSource.all).toHaveLength(2)
    source().onerror()
    vi.advanceTimersByTime(999)
    expect(FakeSource.all).toHaveLength(2)
    vi.advanceTimersByTime(1)
    source().onopen()
    expect(states).toEqual(['connecting', 'live', 'broken', 'broken', 'live'])
    expect(resumed).toHaveBeenCalledOnce()
  })

  it('ends when nobody listens any more', () => {
    const { batches, stop, source } = listening()
    source().tell('run', RUN)
    source().onerror()
    stop()
    vi.advanceTimersByTime(60_000)
    expect(source().closed).toBe(true)
    expect(FakeSource.all).toHaveLength(1)
    expect(batches).toHaveLength(0)
  })
})

describe('the text of steps under way', () => {
  it('grows by pieces, and tells its listeners', () => {
    const store = new TokenStore()
    const told = vi.fn()
    const forget = store.subscribe(told)
    store.append('run_1', 'answer', 'Hel')
    store.append('run_1', 'answer', 'lo')
    expect(store.text('run_1', 'answer')).toBe('Hello')
    expect(store.text('run_1', 'other')).toBeUndefined()
    store.clear('run_1', 'answer')
    expect(store.text('run_1', 'answer')).toBeUndefined()
    expect(told).toHaveBeenCalledTimes(3)
    forget()
    store.append('run_1', 'answer', 'x')
    expect(told).toHaveBeenCalledTimes(3)
  })

  it('is bounded', () => {
    const store = new TokenStore()
    store.append('run_1', 'answer', 'a'.repeat(70_000))
    expect(store.text('run_1', 'answer')).toHaveLength(64 * 1024)
    for (let step = 0; step < 64; step++) store.append('run_2', String(step), 'x')
    expect(store.text('run_1', 'answer')).toBeUndefined()
    expect(store.text('run_2', '63')).toBe('x')
  })
})
