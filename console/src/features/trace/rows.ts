import type { DeliveryTrace, RunTrace, StepTrace, Trace } from '~/api/queries'
import type { RequestRecord } from '../payload/body'
import { isOpen, type Mark, markOfAttempt, markOfDelivery, markOfRun, markOfStep } from '../thread/mark'
import { type Answer, type AttemptRecord, attemptTook, attemptWord } from './records'

/** A stretch of time on the waterfall, in milliseconds since the thread began. */
export interface Bar {
  start: number
  end: number
  mark: Mark
  /** A wait between two tries is drawn thin. */
  wait?: boolean
}

/** What a row of the waterfall stands for. */
export type Station =
  | { kind: 'request' }
  | { kind: 'run' }
  | { kind: 'step'; step: StepTrace }
  | { kind: 'delivery'; delivery: DeliveryTrace }
  | { kind: 'attempt'; delivery: DeliveryTrace; place: number }
  | { kind: 'answer' }

/** A row of the waterfall. */
export interface Row {
  /** Stands in the URL: `request`, `run`, `step.answer`, `delivery.msg_…`, `attempt.msg_….2`. */
  key: string
  station: Station
  /** 0 for the thread itself, 1 for what hangs on it, such as a delivery. */
  lane: 0 | 1
  mark: Mark
  title: string
  /** What it is, in a word or two. */
  detail: string
  /** How it stands, in the API's word, or `unreached` for a step that a run ended before. */
  standing: string
  bars: Bar[]
  tookMs?: number
  /** When something is due, if it lies ahead. */
  dueAt?: string
}

/** The rows of a run's thread, and when the thread began in milliseconds since 1970. */
export interface Thread {
  origin: number
  rows: Row[]
}

/** The thread from the request to the last attempt, as one run of the event went. */
export function threadOf(trace: Trace, run: RunTrace | undefined, now: number): Thread {
  const received = Date.parse(trace.received_at)
  if (!run) return { origin: received, rows: [requestRow(trace, 0)] }
  const created = Date.parse(run.created_at)
  // A replay begins long after its request: its thread is measured from its own beginning.
  const origin = run.cause === 'original' ? Math.min(received, created) : created
  const bars = tryBars(run.steps, origin)
  const lastEnd = Math.max(0, ...[...bars.values()].flat().map(({ end }) => end))
  const rows = [
    requestRow(trace, run.cause === 'original' ? received - origin : 0),
    runRow(run, origin, now, lastEnd),
  ]
  for (const step of run.steps) {
    const since = step.waits
      ? Date.parse(step.waits.since) - origin
      : Math.max(lastEnd, Date.parse(run.created_at) - origin)
    const shown = growing(step, bars.get(step.id) ?? [], since, now - origin)
    rows.push(stepRow(step, shown, isOpen(markOfRun(run.status))))
    for (const delivery of run.deliveries.filter((made) => made.step === step.id)) {
      rows.push(...deliveryRows(delivery, origin, now))
    }
  }
  const loose = run.deliveries.filter((made) => !run.steps.some((step) => step.id === made.step))
  for (const delivery of loose) rows.push(...deliveryRows(delivery, origin, now))
  if (run.response) rows.push(answerRow(run))
  return { origin, rows }
}

function requestRow(trace: Trace, at: number): Row {
  const request = (trace.request ?? {}) as RequestRecord
  const mark: Mark = trace.filtered ? 'filtered' : 'accepted'
  const detail = [request.method, request.path && `/${request.path}`].filter(Boolean).join(' ') || trace.kind
  return {
    key: 'request',
    station: { kind: 'request' },
    lane: 0,
    mark,
    title: '',
    detail,
    standing: mark,
    bars: [{ start: at, end: at, mark }],
  }
}

function runRow(run: RunTrace, origin: number, now: number, lastEnd: number): Row {
  const start = Date.parse(run.created_at) - origin
  const mark = markOfRun(run.status)
  const end = run.finished_at ? Date.parse(run.finished_at) - origin : isOpen(mark) ? now - origin : start
  return {
    key: 'run',
    station: { kind: 'run' },
    lane: 0,
    mark,
    title: '',
    detail: run.version === 0 ? '' : `v${run.version}`,
    standing: run.status,
    // Steps tell their ends more finely than the run does.
    bars: [{ start, end: Math.max(start, end, lastEnd), mark }],
    ...(run.finished_at && { tookMs: end - start }),
  }
}

/**
 * A step's bars, and one more until now while it is under way or waits. When its first try began is not
 * told: it is taken to have begun when the last of the others ended. Since when it waits is told.
 */
function growing(step: StepTrace, bars: Bar[], since: number, now: number): Bar[] {
  const mark = markOfStep(step.state)
  const start = step.waits ? since : (bars.at(-1)?.end ?? (mark === 'running' ? since : undefined))
  if (!isOpen(mark) || start === undefined) return bars
  return [...bars, { start, end: Math.max(start, now), mark, wait: mark !== 'running' }]
}

function stepRow(step: StepTrace, bars: Bar[], underWay: boolean): Row {
  const mark = markOfStep(step.state)
  const took = step.tries.reduce((sum, made) => sum + made.took_us, 0) / 1_000
  return {
    key: `step.${step.id}`,
    station: { kind: 'step', step },
    lane: 0,
    mark,
    title: step.id,
    detail: step.kind.replace(/@\d+$/, ''),
    standing: step.state === 'pending' && !underWay ? 'unreached' : step.state,
    bars,
    ...(step.tries.length > 0 && { tookMs: took }),
  }
}

function deliveryRows(delivery: DeliveryTrace, origin: number, now: number): Row[] {
  const mark = markOfDelivery(delivery.state, delivery.attempts.length)
  const attempts = delivery.attempts.map((attempt, place): Row => {
    const start = Date.parse(attempt.at) - origin
    const record = attempt.record as AttemptRecord
    const tookMs = attemptTook(record)
    const outcome = markOfAttempt(attempt.outcome)
    return {
      key: `attempt.${delivery.id}.${attempt.number}`,
      station: { kind: 'attempt', delivery, place },
      lane: 1,
      mark: outcome,
      title: String(attempt.number),
      detail: attemptWord(record),
      standing: attempt.outcome,
      bars: [{ start, end: start + tookMs, mark: outcome }],
      tookMs,
    }
  })
  const made = Date.parse(delivery.created_at) - origin
  const ended = Math.max(made, ...attempts.map((row) => row.bars[0]?.end ?? made))
  const head: Row = {
    key: `delivery.${delivery.id}`,
    station: { kind: 'delivery', delivery },
    lane: 1,
    mark,
    title: delivery.destination,
    detail: '',
    standing: delivery.state,
    bars: waits(made, attempts, isOpen(mark) ? now - origin : undefined),
    tookMs: ended - made,
    ...(delivery.due_at && { dueAt: delivery.due_at }),
  }
  return [head, ...attempts]
}

/** The waits of a delivery: before its first attempt, between two, and until the next that is due. */
function waits(made: number, attempts: Row[], open: number | undefined): Bar[] {
  const bars: Bar[] = []
  let since = made
  for (const { bars: tries } of attempts) {
    const [attempt] = tries
    if (!attempt) continue
    if (attempt.start > since) bars.push({ start: since, end: attempt.start, mark: 'waiting', wait: true })
    bars.push(attempt)
    since = Math.max(since, attempt.end)
  }
  if (open !== undefined && open > since) bars.push({ start: since, end: open, mark: 'waiting', wait: true })
  return bars
}

function answerRow(run: RunTrace): Row {
  const { status } = (run.response ?? {}) as Answer
  const mark: Mark = status !== undefined && status >= 400 ? 'failed' : 'succeeded'
  return {
    key: 'answer',
    station: { kind: 'answer' },
    lane: 0,
    mark,
    title: '',
    detail: String(status ?? ''),
    standing: mark,
    bars: [],
  }
}

/**
 * When each try began and ended. The API tells the end to the millisecond and the length to the
 * microsecond; tries that ended within one millisecond are set one behind the other, in the flow's order.
 */
function tryBars(steps: StepTrace[], origin: number): Map<string, Bar[]> {
  const tries = steps.flatMap((step) =>
    step.tries.map((made) => ({
      id: step.id,
      ended: Date.parse(made.ended_at) - origin,
      took: made.took_us / 1_000,
      failed: made.error != null,
    })),
  )
  tries.sort((one, other) => one.ended - other.ended)
  const bars = new Map<string, Bar[]>()
  let behind = Number.NEGATIVE_INFINITY
  for (const { id, ended, took, failed } of tries) {
    const sameMoment = Math.floor(behind) === ended
    const start = sameMoment ? behind : Math.max(0, ended - took)
    const end = sameMoment ? Math.min(behind + took, ended + 0.999) : Math.max(ended, start + took)
    behind = end
    const before = bars.get(id) ?? []
    const last = before.at(-1)
    if (last && start > last.end) before.push({ start: last.end, end: start, mark: 'waiting', wait: true })
    before.push({ start, end, mark: failed ? 'failed' : 'succeeded' })
    bars.set(id, before)
  }
  return bars
}
