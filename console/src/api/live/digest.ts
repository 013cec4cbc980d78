import type { InfiniteData } from '@tanstack/react-query'
import { originalRun } from '../ids'
import type { DeliveryRow, EventRow, Page, RunRow, Trace } from '../queries'
import type { LiveMessage } from './message'

/** What a handful of messages comes to: the last word on each run, step and delivery. */
export interface Digest {
  /** Whether some were missed, so that everything shown may be old. */
  lost: boolean
  /** Runs by id. */
  runs: Map<string, string>
  /** Steps' states by run and step. */
  steps: Map<string, Map<string, string>>
  /** The last attempt's outcome by delivery. */
  deliveries: Map<string, string>
  /** Events and runs that something happened to. */
  touched: Set<string>
}

type Pages<Row> = InfiniteData<Page<Row>, string | undefined>

/** Folds messages into their digest. */
export function digest(messages: readonly LiveMessage[]): Digest {
  const all: Digest = {
    lost: false,
    runs: new Map(),
    steps: new Map(),
    deliveries: new Map(),
    touched: new Set(),
  }
  for (const message of messages) take(all, message)
  return all
}

function take(all: Digest, message: LiveMessage) {
  if (message.type === 'lost') {
    all.lost = true
    return
  }
  all.touched.add(message.run)
  if (message.type === 'delivery') {
    all.deliveries.set(message.delivery, message.outcome)
    return
  }
  all.touched.add(message.event)
  if (message.type === 'run') all.runs.set(message.run, message.status)
  if (message.type === 'step') {
    const steps = all.steps.get(message.run) ?? new Map<string, string>()
    all.steps.set(message.run, steps.set(message.step, message.state))
  }
}

/** Where a delivery stands after an attempt with this outcome. */
export function stateAfter(outcome: string): string {
  if (outcome === 'delivered') return 'delivered'
  return outcome === 'retry' ? 'pending' : 'dead'
}

export function patchEvents(data: Pages<EventRow>, { runs }: Digest): Pages<EventRow> {
  return patchRows(data, (row) => {
    const status = runs.get(originalRun(row.id))
    return status && status !== row.status ? { ...row, status } : row
  })
}

export function patchRuns(data: Pages<RunRow>, { runs }: Digest): Pages<RunRow> {
  return patchRows(data, (row) => {
    const status = runs.get(row.id)
    return status && status !== row.status ? { ...row, status } : row
  })
}

export function patchDeliveries(data: Pages<DeliveryRow>, { deliveries }: Digest): Pages<DeliveryRow> {
  return patchRows(data, (row) => {
    const outcome = deliveries.get(row.id)
    return outcome && stateAfter(outcome) !== row.state ? { ...row, state: stateAfter(outcome) } : row
  })
}

/** A trace with what is known of it before it is read again. */
export function patchTrace(trace: Trace, { runs, steps, deliveries }: Digest): Trace {
  return {
    ...trace,
    runs: trace.runs.map((run) => ({
      ...run,
      status: runs.get(run.id) ?? run.status,
      steps: run.steps.map((step) => ({ ...step, state: steps.get(run.id)?.get(step.id) ?? step.state })),
      deliveries: run.deliveries.map((delivery) => {
        const outcome = deliveries.get(delivery.id)
        return outcome ? { ...delivery, state: stateAfter(outcome) } : delivery
      }),
    })),
  }
}

/**
 * Puts the newest page before what is loaded already. When they no longer meet, more has come than a page
 * holds, and the list begins anew, so that it never has a hole.
 */
export function mergeHead<Row extends { id: string }>(data: Pages<Row>, head: Page<Row>): Pages<Row> {
  const fresh = new Map(head.items.map((row) => [row.id, row]))
  const known = new Set(data.pages.flatMap((page) => page.items.map((row) => row.id)))
  const wasEmpty = known.size === 0
  if (wasEmpty || !head.items.some((row) => known.has(row.id))) {
    return head.items.length === 0 ? data : { pages: [head], pageParams: [undefined] }
  }
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.map((row) => fresh.get(row.id) ?? row),
  }))
  const [first, ...rest] = pages
  if (!first) return data
  const news = head.items.filter((row) => !known.has(row.id))
  return { ...data, pages: [{ ...first, items: [...news, ...first.items] }, ...rest] }
}

function patchRows<Row>(data: Pages<Row>, patch: (row: Row) => Row): Pages<Row> {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(patch) })) }
}
