import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt, problem } from '~/testing/page'

const SOURCE = 'src_01h455vb4pex5vsknk084sn02q'
const [GOOD, BAD, GONE] = ['q', 'r', 's'].map((end) => `evt_01h455vb4pex5vsknk084sn02${end}`)
const RUN = 'run_01h455vb4pex5vsknk084sn02r'
const JOB = 'job_01h455vb4pex5vsknk084sn02q'
const ORDER = 'POST /api/v1/environments/production/events/replay'

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

/** Answers to orders; notes what was asked for. */
function orders(matching = 3) {
  const asked: { filter: Record<string, string>; version?: string; dry_run?: boolean }[] = []
  const answer = async (request: Request) => {
    const body = await request.json()
    asked.push(body)
    return Response.json(body.dry_run ? { matching } : { matching, job_id: JOB })
  }
  return { asked, answers: { [ORDER]: answer } as Answers }
}

const LISTED: Answers = { 'GET /api/v1/environments/production/events': { items: [] } }

/** jsdom knows no dialogs. */
function teachDialogs() {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close() {
    this.open = false
  }
}

async function openForm(answers: Answers, path = '/events') {
  teachDialogs()
  const user = userEvent.setup()
  const page = await openAt(path, { ...LISTED, ...answers })
  await user.click(await screen.findByRole('button', { name: 'Replay…' }))
  return { user, ...page, form: await screen.findByRole('dialog', { name: 'Replay many events' }) }
}

afterEach(() => vi.unstubAllGlobals())

describe('the form of a bulk replay', () => {
  it('counts what the list is narrowed to, and replays just that', async () => {
    const { asked, answers } = orders()
    const detail = { ...job(), environment: 'production', failures: [], newest: [] }
    const lists = {
      'GET /api/v1/environments/production/replays': { items: [job()] },
      [`GET /api/v1/replays/${JOB}`]: detail,
    }
    const { user, form, router } = await openForm({ ...answers, ...lists }, `/events?source=${SOURCE}`)
    expect(await within(form).findByText(/3 events fit/)).toBeVisible()
    expect(form).toHaveTextContent('A replay bypasses dedupe')
    expect(form).toHaveTextContent('Its steps act for real')
    await user.selectOptions(within(form).getByLabelText('Original run'), 'failed')
    await user.click(within(form).getByRole('radio', { name: /^The draft/ }))
    expect(form).not.toHaveTextContent('Its steps act for real')
    await user.click(await within(form).findByRole('button', { name: 'Replay 3 events' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/events/replays/${JOB}`))
    const [counted, ordered] = asked.slice(-2).map((body) => body.filter)
    expect(asked.at(-1)?.version).toBe('draft')
    expect(ordered).toEqual(counted)
    expect(ordered).toMatchObject({ source: SOURCE, status: 'failed' })
    expect(Date.parse(ordered?.to ?? '') - Date.parse(ordered?.from ?? '')).toBe(86_400_000)
  })

  it('offers the draft only where there is one flow', async () => {
    const { user, form } = await openForm(orders().answers)
    const draft = within(form).getByRole('radio', { name: /^The draft/ })
    expect(draft).toBeDisabled()
    await user.selectOptions(within(form).getByLabelText('Flow'), 'after-sales')
    expect(draft).toBeEnabled()
  })

  it('begins nothing where no event fits, and says what is wrong with the filter', async () => {
    const { form } = await openForm(orders(0).answers)
    expect(await within(form).findByText('No event fits.')).toBeVisible()
    expect(within(form).getByRole('button', { name: 'Replay' })).toBeDisabled()
  })

  it('says what the server does not take', async () => {
    const { form } = await openForm({ [ORDER]: problem(422, 'invalid', 'More than 1,000,000 events came.') })
    expect(await within(form).findByRole('alert')).toHaveTextContent('More than 1,000,000 events came.')
  })

  it('is not there for those who only look on', async () => {
    await openAt('/events', { ...LISTED, 'GET /api/v1/me': { name: 'Bo', role: 'viewer', version: '0.1.0' } })
    expect(await screen.findByText('Bulk replays')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Replay…' })).toBeNull()
  })
})

describe('a bulk replay', () => {
  const open = (detail: Answers[string], answers: Answers = {}) =>
    openAt(`/events/replays/${JOB}`, {
      'GET /api/v1/environments/production/replays': { items: [job()] },
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
    await user.click(screen.getByRole('button', { name: 'Stop the replay' }))
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Stop the replay' })).toBeNull())
    expect(cancel).toHaveBeenCalledOnce()
    const article = screen.getByRole('article', { name: 'Replay' })
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
    expect(screen.getByRole('article', { name: 'Replay' })).toHaveTextContent('Done, 2 failed')
    expect(screen.queryByRole('button', { name: 'Stop the replay' })).toBeNull()
  })

  it('stands in the list of all, with how far each is', async () => {
    await openAt('/events/replays', {
      'GET /api/v1/environments/production/replays': { items: [job()] },
    })
    const table = await screen.findByRole('table', { name: 'Bulk replays' })
    const row = within(table).getAllByRole('row')[1] as HTMLElement
    await waitFor(() => expect(row).toHaveTextContent('shop-chat'))
    expect(row).toHaveTextContent('1/3')
    expect(within(row).getByRole('link')).toHaveAttribute('href', `/events/replays/${JOB}`)
  })
})
