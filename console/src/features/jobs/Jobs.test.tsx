import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt } from '~/testing/page'

const SOURCE = 'src_01h455vb4pex5vsknk084sn02q'
const [GOOD, BAD, GONE] = ['q', 'r', 's'].map((end) => `evt_01h455vb4pex5vsknk084sn02${end}`)
const RUN = 'run_01h455vb4pex5vsknk084sn02r'
const JOB = 'job_01h455vb4pex5vsknk084sn02q'

const job = (more: object = {}) => ({
  id: JOB,
  kind: 'replay',
  status: 'running',
  progress: { done: 1, total: 3, failed: 0 },
  version: 'deployed',
  filter: { source: SOURCE, from: '2026-03-01T09:00:00.000Z', to: '2026-03-01T10:00:00.000Z' },
  matching: 3,
  by: 'Ann',
  created_at: '2026-03-01T10:00:00.000Z',
  updated_at: '2026-03-01T10:00:00.000Z',
  ...more,
})

const run = (id: string, event: string | undefined, status: string, error?: object) => ({
  id,
  event,
  flow: 'flow_01h455vb4pex5vsknk084sn02q',
  status,
  cause: 'replay',
  error,
  created_at: '2026-03-01T10:00:01.000Z',
})

const LETTERS = 'job_01h455vb4pex5vsknk084sn02r'

const letters = (more: object = {}) => ({
  ...job(),
  id: LETTERS,
  kind: 'letters',
  progress: { done: 3, total: 12, skipped: 1 },
  action: 'discard',
  filter: { reason: '503' },
  matching: 12,
  by: 'Bo',
  ...more,
})

afterEach(() => vi.unstubAllGlobals())

describe('a bulk replay', () => {
  const open = (detail: Answers[string], answers: Answers = {}) =>
    openAt(`/jobs/${JOB}`, {
      'GET /api/v1/environments/production/jobs': { items: [job()] },
      [`GET /api/v1/jobs/${JOB}`]: job(),
      [`GET /api/v1/replays/${JOB}`]: detail,
      ...answers,
    })
  const shown = { ...job(), environment: 'production', failures: [], newest: [] }

  it('shows how far it is until it is over, and can be stopped', async () => {
    const user = userEvent.setup()
    let cancelled = false
    const cancel = vi.fn(() => {
      cancelled = true
      return new Response(null, { status: 204 })
    })
    await open(() => Response.json({ ...shown, status: cancelled ? 'cancelled' : 'running' }), {
      [`POST /api/v1/jobs/${JOB}/cancel`]: cancel,
    })
    const bar = await screen.findByRole('progressbar', { name: 'Progress' })
    expect(bar).toHaveAttribute('aria-valuenow', '1')
    expect(bar).toHaveAttribute('aria-valuemax', '3')
    await user.click(screen.getByRole('button', { name: 'Stop' }))
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull())
    expect(cancel).toHaveBeenCalledOnce()
    const article = screen.getByRole('article', { name: 'Replay of events' })
    expect(article).toHaveTextContent('Cancelled')
  })

  it('links what failed and why, and the new runs', async () => {
    const why = { step: 'say', code: 'template_failed', message: 'x' }
    const failed = { event: BAD, run_id: RUN, run: run(RUN, BAD, 'failed', why) }
    await open({
      ...shown,
      status: 'done',
      progress: { done: 3, total: 3, failed: 2 },
      failures: [failed, { event: GONE, run_id: null, run: null }],
      newest: [failed, { event: GOOD, run_id: 'run_1', run: run('run_1', GOOD, 'succeeded') }],
    })
    const failures = await screen.findByRole('region', { name: 'Failed' })
    const [first, second] = within(failures).getAllByRole('link')
    expect(first).toHaveTextContent('say: template_failed')
    expect(first).toHaveAttribute('href', `/events/${BAD}?run=${RUN}`)
    expect(second).toHaveTextContent('No version of the flow is deployed here')
    const newest = screen.getByRole('region', { name: 'The latest runs' })
    expect(within(newest).getAllByRole('link')).toHaveLength(2)
    expect(screen.getByRole('article', { name: 'Replay of events' })).toHaveTextContent('Done, 2 failed')
    expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull()
  })

  it('stands in the list of all, with how far each is', async () => {
    await openAt('/jobs', {
      'GET /api/v1/environments/production/jobs': { items: [job()] },
    })
    const table = await screen.findByRole('table', { name: 'Bulk jobs' })
    const row = within(table).getAllByRole('row')[1] as HTMLElement
    await waitFor(() => expect(row).toHaveTextContent('shop-chat'))
    expect(row).toHaveTextContent('1/3')
    expect(within(row).getByRole('link')).toHaveAttribute('href', `/jobs/${JOB}`)
  })

  it('about dead letters stands there too, with who began it, and is stopped there', async () => {
    const user = userEvent.setup()
    const { asked } = await openAt('/jobs', {
      'GET /api/v1/environments/production/jobs': { items: [letters(), job()] },
      [`POST /api/v1/jobs/${LETTERS}/cancel`]: () => new Response(null, { status: 204 }),
    })
    const table = await screen.findByRole('table', { name: 'Bulk jobs' })
    const row = within(table).getAllByRole('row')[1] as HTMLElement
    expect(row).toHaveTextContent('Discard dead letters')
    expect(row).toHaveTextContent('4/12')
    expect(row).toHaveTextContent('Bo')
    await user.click(within(row).getByRole('button', { name: 'Stop' }))
    await waitFor(() =>
      expect(asked.mock.calls.some(([{ url }]) => url.endsWith(`/jobs/${LETTERS}/cancel`))).toBe(true),
    )
  })

  it('about dead letters says what has come of it', async () => {
    await openAt(`/jobs/${LETTERS}`, {
      'GET /api/v1/environments/production/jobs': { items: [letters()] },
      [`GET /api/v1/jobs/${LETTERS}`]: letters({ status: 'failed', error: 'the disk is full' }),
    })
    const article = await screen.findByRole('article', { name: 'Discard dead letters' })
    expect(within(article).getByRole('heading')).toHaveTextContent('Discard 12 dead letters')
    expect(article).toHaveTextContent('“503”')
    expect(article).toHaveTextContent('Done3 / 12')
    expect(article).toHaveTextContent('Skipped1')
    expect(article).toHaveTextContent('the disk is full')
    expect(within(article).queryByRole('button', { name: 'Stop' })).toBeNull()
  })
})
