import type { InfiniteData } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { runTrace, trace } from '~/testing/fixtures'
import type { DeliveryRow, EventRow, Page } from '../queries'
import { digest, mergeHead, patchDeliveries, patchEvents, patchTrace } from './digest'
import { type LiveMessage, readMessage } from './message'

type Rows<Row> = InfiniteData<Page<Row>, string | undefined>

function pages<Row>(...items: Row[][]): Rows<Row> {
  return { pages: items.map((rows) => ({ items: rows })), pageParams: items.map(() => undefined) }
}

const ids = (data: Rows<{ id: string }>) => data.pages.map((page) => page.items.map((row) => row.id).join(''))
const rows = (text: string) => [...text].map((id) => ({ id }))

describe('a live message', () => {
  it('is read when it has all that its type needs', () => {
    expect(readMessage('run', '{"run":"run_1","event":"evt_1","status":"running"}')).toEqual({
      type: 'run',
      run: 'run_1',
      event: 'evt_1',
      status: 'running',
    })
    expect(readMessage('lost', '{}')).toEqual({ type: 'lost' })
  })

  it('is left out when it is not in a known form', () => {
    expect(readMessage('run', '{"run":"run_1"}')).toBeUndefined()
    expect(readMessage('run', 'null')).toBeUndefined()
    expect(readMessage('token', 'no json')).toBeUndefined()
  })
})

describe('a digest', () => {
  const messages: LiveMessage[] = [
    { type: 'run', run: 'run_1', event: 'evt_1', status: 'running' },
    { type: 'step', run: 'run_1', event: 'evt_1', step: 'answer', state: 'running' },
    { type: 'step', run: 'run_1', event: 'evt_1', step: 'answer', state: 'succeeded' },
    { type: 'run', run: 'run_1', event: 'evt_1', status: 'succeeded' },
    { type: 'delivery', delivery: 'msg_1', destination: 'dst_1', run: 'run_2', outcome: 'retry' },
  ]

  it('keeps the last word on each thing', () => {
    const { lost, runs, steps, deliveries, touched } = digest(messages)
    expect(lost).toBe(false)
    expect(runs.get('run_1')).toBe('succeeded')
    expect(steps.get('run_1')?.get('answer')).toBe('succeeded')
    expect(deliveries.get('msg_1')).toBe('retry')
    expect([...touched].sort()).toEqual(['evt_1', 'run_1', 'run_2'])
  })

  it('says when something was lost', () => {
    expect(digest([{ type: 'lost' }]).lost).toBe(true)
  })

  it('changes the events whose original run it is about, and no other', () => {
    const row = (id: string): EventRow => ({
      id,
      flow: 'f',
      kind: 'webhook',
      received_at: '',
      status: 'queued',
      deliveries: [],
    })
    const patched = patchEvents(pages([row('evt_1'), row('evt_2')]), digest(messages))
    expect(patched.pages[0]?.items.map(({ status }) => status)).toEqual(['succeeded', 'queued'])
  })

  it.each([
    ['delivered', 'delivered'],
    ['retry', 'pending'],
    ['permanent', 'dead'],
    ['exhausted', 'dead'],
  ])('takes a delivery whose attempt ended %s as %s', (outcome, state) => {
    const row: DeliveryRow = {
      id: 'msg_1',
      destination: 'd',
      run: 'r',
      step: 's',
      state: 'old',
      attempts: 1,
      created_at: '',
    }
    const news = digest([{ type: 'delivery', delivery: 'msg_1', destination: 'd', run: 'r', outcome }])
    expect(patchDeliveries(pages([row]), news).pages[0]?.items[0]?.state).toBe(state)
  })

  it('changes a trace: its run, the step, the delivery', () => {
    const run = runTrace()
    const news = digest([
      { type: 'run', run: run.id, event: 'e', status: 'waiting' },
      { type: 'step', run: run.id, event: 'e', step: 'ticket', state: 'waiting' },
      { type: 'delivery', delivery: 'msg_1', destination: 'd', run: run.id, outcome: 'exhausted' },
    ])
    const [patched] = patchTrace(trace({ runs: [run] }), news).runs
    expect(patched?.status).toBe('waiting')
    expect(patched?.steps.map(({ state }) => state)).toEqual(['succeeded', 'waiting'])
    expect(patched?.deliveries[0]?.state).toBe('dead')
  })
})

describe('the newest page', () => {
  it('goes before what is loaded, and renews what both have', () => {
    const old = pages(
      [
        { id: 'c', n: 0 },
        { id: 'b', n: 0 },
      ],
      [{ id: 'a', n: 0 }],
    )
    const merged = mergeHead(old, {
      items: [
        { id: 'e', n: 1 },
        { id: 'd', n: 1 },
        { id: 'c', n: 1 },
      ],
    })
    expect(ids(merged)).toEqual(['edcb', 'a'])
    expect(merged.pages[0]?.items.map(({ n }) => n)).toEqual([1, 1, 1, 0])
  })

  it('begins the list anew when they do not meet, so that there is no hole', () => {
    expect(ids(mergeHead(pages(rows('cb'), rows('a')), { items: rows('zy'), next: 'y' }))).toEqual(['zy'])
  })

  it('fills an empty list, and an empty page changes nothing', () => {
    expect(ids(mergeHead(pages(rows('')), { items: rows('a') }))).toEqual(['a'])
    expect(ids(mergeHead(pages(rows('ba')), { items: [] }))).toEqual(['ba'])
  })
})
