import { describe, expect, it } from 'vitest'
import { delivery, runTrace, step, T0, timeAfter, trace } from '~/testing/fixtures'
import { threadOf } from './rows'

const LATER = T0 + 60_000

function rowsOf(run: Parameters<typeof runTrace>[0]) {
  const whole = runTrace(run)
  return threadOf(trace({ runs: [whole] }), whole, LATER).rows
}

describe('the thread', () => {
  it('goes from the request over the steps to the attempts, each delivery behind its step', () => {
    const keys = rowsOf({ response: { status: 200 } as never }).map(({ key }) => key)
    expect(keys).toEqual([
      'request',
      'run',
      'step.answer',
      'step.ticket',
      'delivery.msg_1',
      'attempt.msg_1.1',
      'attempt.msg_1.2',
      'answer',
    ])
  })

  it('keeps a delivery whose step is not known', () => {
    const rows = rowsOf({ deliveries: [delivery('msg_9', 'triage[3]/ticket', [5])] })
    expect(rows.map(({ key }) => key)).toContain('delivery.msg_9')
  })

  it('measures from the request, and a replay from its own beginning', () => {
    const original = runTrace()
    const replay = runTrace({
      id: 'run_2',
      cause: 'replay',
      created_at: timeAfter(90_000),
      finished_at: timeAfter(90_004),
    })
    const both = trace({ runs: [original, replay] })
    expect(threadOf(both, original, LATER).origin).toBe(T0)
    const { origin, rows } = threadOf(both, replay, LATER)
    expect(origin).toBe(T0 + 90_000)
    expect(rows.find(({ key }) => key === 'run')?.bars).toEqual([{ start: 0, end: 4, mark: 'succeeded' }])
  })

  it('sets steps that ended within one millisecond one behind the other', () => {
    const rows = rowsOf({ steps: [step('a', 3, 200), step('b', 3, 50), step('c', 3, 20)], deliveries: [] })
    const [a, b, c] = ['a', 'b', 'c'].map((id) => rows.find(({ key }) => key === `step.${id}`)?.bars[0])
    expect(a).toMatchObject({ start: 2.8, end: 3 })
    expect(b?.start).toBe(a?.end)
    expect(c?.start).toBe(b?.end)
    expect(c?.end).toBeLessThan(4)
  })

  it('lets a step that ended in the millisecond the run began in have its length', () => {
    const rows = rowsOf({
      created_at: timeAfter(0),
      finished_at: timeAfter(0),
      steps: [step('a', 0, 66)],
      deliveries: [],
    })
    const bars = (key: string) => rows.find((row) => row.key === key)?.bars
    expect(bars('step.a')).toEqual([{ start: 0, end: 0.066, mark: 'succeeded' }])
    expect(bars('run')?.[0]?.end).toBe(0.066)
  })

  it('shows the pause between two tries of a step', () => {
    const tries = [
      { attempt: 1, ended_at: timeAfter(10), took_us: 5_000, error: { message: 'down' } },
      { attempt: 2, ended_at: timeAfter(1_020), took_us: 10_000, port: 'next' },
    ]
    const [row] = rowsOf({ steps: [step('call', 0, 0, { tries: tries as never })] }).filter(
      ({ key }) => key === 'step.call',
    )
    expect(row?.bars.map(({ mark, wait = false }) => [mark, wait])).toEqual([
      ['failed', false],
      ['waiting', true],
      ['succeeded', false],
    ])
    expect(row?.tookMs).toBe(15)
  })

  it('lets what is under way grow until now', () => {
    const rows = rowsOf({
      status: 'running',
      finished_at: null,
      deliveries: [delivery('msg_1', 'ticket', [10], 'pending')],
    })
    const end = (key: string) => rows.find((row) => row.key === key)?.bars.at(-1)?.end
    expect(end('run')).toBe(60_000)
    expect(end('delivery.msg_1')).toBe(60_000)
  })

  it('lets the first try of a step grow from where the others ended', () => {
    const steps = [step('a', 5, 900), step('b', 0, 0, { state: 'running', tries: [] })]
    const rows = rowsOf({ status: 'running', finished_at: null, steps, deliveries: [] })
    expect(rows.find(({ key }) => key === 'step.b')?.bars).toEqual([
      { start: 5, end: 60_000, mark: 'running', wait: false },
    ])
  })

  it('lets a step wait from when it began to', () => {
    const waits = { reason: 'delivery', on: 'msg_1', since: timeAfter(7) }
    const steps = [step('a', 5, 900), step('push', 0, 0, { state: 'waiting', tries: [], waits })]
    const rows = rowsOf({ status: 'waiting', finished_at: null, steps, deliveries: [] })
    expect(rows.find(({ key }) => key === 'step.push')?.bars).toEqual([
      { start: 7, end: 60_000, mark: 'waiting', wait: true },
    ])
  })

  it('tells a step that a failed run did not reach from one that is to come', () => {
    const steps = [step('late', 0, 0, { state: 'pending', tries: [] })]
    const standing = (status: string) =>
      rowsOf({ status, steps }).find(({ key }) => key === 'step.late')?.standing
    expect(standing('running')).toBe('pending')
    expect(standing('failed')).toBe('unreached')
  })

  it('has the request alone when the event was filtered', () => {
    const { rows } = threadOf(trace({ filtered: true, runs: [] }), undefined, LATER)
    expect(rows.map(({ key, mark }) => [key, mark])).toEqual([['request', 'filtered']])
  })
})
