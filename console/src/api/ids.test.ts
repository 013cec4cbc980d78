import { describe, expect, it } from 'vitest'
import { eventOfOriginal, idKind, originalRun, shortId } from './ids'

const EVENT = 'evt_01h455vb4pex5vsknk084sn02q'

describe('ids', () => {
  it('are known by their prefix, and only when they are whole', () => {
    expect(idKind(EVENT)).toBe('event')
    expect(idKind('run_01h455vb4pex5vsknk084sn02q')).toBe('run')
    expect(idKind('msg_01h455vb4pex5vsknk084sn02q')).toBe('delivery')
    expect(idKind('evt_01h455')).toBeUndefined()
    expect(idKind('xyz_01h455vb4pex5vsknk084sn02q')).toBeUndefined()
    expect(idKind('evt_81h455vb4pex5vsknk084sn02q'), 'more than 128 bits').toBeUndefined()
  })

  it('of an event and its original run are one number', () => {
    expect(originalRun(EVENT)).toBe('run_01h455vb4pex5vsknk084sn02q')
    expect(eventOfOriginal(originalRun(EVENT))).toBe(EVENT)
  })

  it('are short by their end', () => {
    expect(shortId(EVENT)).toBe('…4sn02q')
    expect(shortId('short')).toBe('short')
  })
})
