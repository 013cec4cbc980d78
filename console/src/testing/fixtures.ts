import type { DeliveryTrace, NodeRow, RunTrace, StepTrace, Trace } from '~/api/queries'

/** When the fixtures' event came in. */
export const T0 = Date.parse('2026-03-01T10:00:00.000Z')

/** A time so many milliseconds timeAfter the event came in. */
export function timeAfter(ms: number): string {
  return new Date(T0 + ms).toISOString()
}

/** A step that succeeded, with one try. */
export function step(id: string, endedMs: number, tookUs: number, more: Partial<StepTrace> = {}): StepTrace {
  const tries = [{ attempt: 1, ended_at: timeAfter(endedMs), took_us: tookUs, port: 'next' }]
  return { id, kind: 'template@1', state: 'succeeded', tries, ...more } as StepTrace
}

/** A delivery with an attempt at each of these times, of which all but the last failed. */
export function delivery(
  id: string,
  atStep: string,
  attemptsMs: number[],
  state = 'delivered',
): DeliveryTrace {
  const attempts = attemptsMs.map((ms, place) => {
    const last = place === attemptsMs.length - 1
    const outcome =
      last && state === 'delivered' ? 'delivered' : last && state === 'dead' ? 'exhausted' : 'retry'
    const exchanges = [
      {
        request: { method: 'POST' },
        response: { status: outcome === 'delivered' ? 200 : 503 },
        timing: { total_ms: 10 },
      },
    ]
    return { number: place + 1, at: timeAfter(ms), outcome, record: { outcome, exchanges } }
  })
  return {
    id,
    destination: 'ticket-system',
    step: atStep,
    state,
    created_at: timeAfter(3),
    attempts,
  } as unknown as DeliveryTrace
}

export function runTrace(more: Partial<RunTrace> = {}): RunTrace {
  return {
    id: 'run_01h455vb4pex5vsknk084sn02q',
    cause: 'original',
    status: 'succeeded',
    environment: 'production',
    version: 3,
    created_at: timeAfter(1),
    finished_at: timeAfter(3),
    input: { query: 'My machine shows E3' },
    outputs: { answer: 'Switch it off.' },
    response: null,
    error: null,
    steps: [step('answer', 2, 900), step('ticket', 3, 40)],
    deliveries: [delivery('msg_1', 'ticket', [10, 1_000])],
    ...more,
  } as unknown as RunTrace
}

export function trace(more: Partial<Trace> = {}): Trace {
  return {
    id: 'evt_01h455vb4pex5vsknk084sn02q',
    environment: 'production',
    flow: 'flow_01h455vb4pex5vsknk084sn02q',
    source: 'src_01h455vb4pex5vsknk084sn02q',
    kind: 'webhook',
    filtered: false,
    received_at: timeAfter(0),
    status_url: 'http://localhost/status/evt_1?token=t',
    request: {
      method: 'POST',
      path: '',
      headers: { 'user-agent': 'Shop/4.2' },
      body: { text: '{"query":"E3"}' },
      peer: '192.0.2.1',
    },
    files: [],
    runs: [runTrace()],
    ...more,
  } as unknown as Trace
}

/** A node that is alive, does everything, and has been heard of a second ago. */
export function node(name: string, more: Partial<NodeRow> = {}): NodeRow {
  return {
    id: `node_${name}`,
    name,
    version: '0.2.0',
    roles: ['gateway', 'worker', 'delivery', 'scheduler', 'console'],
    address: `${name}:7946`,
    state: 'alive',
    is_scheduler: false,
    is_here: false,
    runs: 0,
    started_at: new Date(Date.now() - 3_600_000).toISOString(),
    heartbeat_at: new Date(Date.now() - 1_000).toISOString(),
    ...more,
  }
}
