import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeStream } from '~/testing/stream'
import { type Heard, type ListenState, listenTo, readHeard } from './listening'

const request = { outcome: 'accepted', id: 'evt_1', received_at: '2026-03-01T10:00:00.000Z', request: {} }

describe('listening to a source', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    FakeStream.all.length = 0
    vi.stubGlobal('EventSource', FakeStream)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  function listening() {
    const states: ListenState[] = []
    const heard: Heard[] = []
    const end = listenTo('src_1', {
      state: (state) => states.push(state),
      heard: (one) => heard.push(one),
    })
    return { states, heard, end }
  }
  const last = () => FakeStream.all.at(-1) as FakeStream

  it('tells of each request, and ends when it is told to', () => {
    const { states, heard, end } = listening()
    expect(last().url).toBe('/api/v1/sources/src_1/listen')
    last().say('listening', {})
    last().say('request', request)
    last().say('request', { no: 'request' })
    expect(states).toEqual(['connecting', 'listening'])
    expect(heard).toEqual([request])
    end()
    expect(last().closed).toBe(true)
  })

  it('ends when the time is over, and does not begin again by itself', () => {
    const { states } = listening()
    last().say('end', {})
    vi.advanceTimersByTime(60_000)
    expect(states.at(-1)).toBe('over')
    expect(FakeStream.all).toHaveLength(1)
    expect(last().closed).toBe(true)
  })

  it('tries again when the connection is lost, and leaves it to the person after some tries', () => {
    const { states } = listening()
    for (let tries = 0; tries < 5; tries++) {
      last().fail()
      expect(states.at(-1)).toBe('broken')
      vi.advanceTimersByTime(10_000)
    }
    expect(FakeStream.all).toHaveLength(6)
    last().fail()
    expect(states.at(-1)).toBe('failed')
    vi.advanceTimersByTime(60_000)
    expect(FakeStream.all).toHaveLength(6)
  })

  it('tries no more once it is ended', () => {
    const { end } = listening()
    last().fail()
    end()
    vi.advanceTimersByTime(60_000)
    expect(FakeStream.all).toHaveLength(1)
  })
})

describe('what is heard', () => {
  it('is read in the form that the server gives it, or not at all', () => {
    expect(readHeard(JSON.stringify({ ...request, input: {} }))).toEqual(request)
    for (const data of ['x', '{}', JSON.stringify({ ...request, outcome: 'lost' }), '[]', 'null'])
      expect(readHeard(data), data).toBeUndefined()
  })
})
