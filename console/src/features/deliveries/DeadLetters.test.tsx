import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { delivery, runTrace, trace } from '~/testing/fixtures'
import { type Answers, openAt } from '~/testing/page'
import { dialogs } from '~/testing/source'

const [NEW, OLD] = ['msg_01h455vb4pex5vsknk084sn02r', 'msg_01h455vb4pex5vsknk084sn02q']
const CRM = 'dst_01h455vb4pex5vsknk084sn02q'
const LIST = 'GET /api/v1/environments/production/deliveries'
const JOBS = 'GET /api/v1/environments/production/jobs'
const REPLAY = 'POST /api/v1/environments/production/deliveries/replay'
const DISCARD = 'POST /api/v1/environments/production/deliveries/discard'

const row = (id: string, state = 'dead') => ({
  id,
  destination: CRM,
  run: 'run_01h455vb4pex5vsknk084sn02q',
  step: 'record',
  state,
  attempts: 1,
  created_at: '2026-03-01T10:00:00.000Z',
})

const job = (more = {}) => ({
  id: 'job_1',
  kind: 'letters',
  status: 'running',
  progress: { done: 3, total: 12, skipped: 1 },
  action: 'replay',
  filter: { destination: CRM },
  matching: 12,
  by: 'Ann',
  created_at: '2026-03-01T10:00:00.000Z',
  updated_at: '2026-03-01T10:00:00.000Z',
  ...more,
})

const BASE: Answers = {
  'GET /api/v1/environments/production/destinations': [{ id: CRM, name: 'crm', config: {} }],
  [LIST]: { items: [row(NEW), row(OLD)] },
  [JOBS]: { items: [] },
  [REPLAY]: { matching: 12 },
  [DISCARD]: { matching: 12 },
}

/** The bodies of the requests that were sent there. */
async function sent(asked: { mock: { calls: [Request][] } }, path: string) {
  const requests = asked.mock.calls.map(([request]) => request)
  const there = requests.filter(({ method, url }) => method === 'POST' && url.endsWith(path))
  return Promise.all(there.map((request) => request.clone().json()))
}

/** Answers while keeping what was asked readable. */
const counted = (matching: number, job_id?: string) => async (request: Request) => {
  const { dry_run } = await request.clone().json()
  return Response.json(dry_run ? { matching } : { matching, job_id })
}

beforeEach(dialogs)
afterEach(() => vi.unstubAllGlobals())

describe('the list of deliveries', () => {
  it('asks for what the address says', async () => {
    const { asked } = await openAt(
      `/deliveries?state=dead&destination=${CRM}&flow=after-sales&since=day&reason=503`,
      BASE,
    )
    await screen.findByRole('table', { name: 'Deliveries' })
    const url = asked.mock.calls
      .map(([request]) => new URL(request.url))
      .find(({ pathname }) => pathname.endsWith('/deliveries'))
    expect(Object.fromEntries(url?.searchParams ?? [])).toMatchObject({
      state: 'dead',
      destination: CRM,
      flow: 'after-sales',
      reason: '503',
      from: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const link = screen.getByRole('link', { name: 'Export' })
    expect(link.getAttribute('href')).toContain('/deliveries/export?state=dead')
    expect(link.getAttribute('href')).toContain('reason=503')
  })

  it('goes on by itself behind a page that is short', async () => {
    const { asked } = await openAt(`/deliveries?destination=${CRM}`, {
      ...BASE,
      [LIST]: (request: Request) =>
        Response.json(
          new URL(request.url).searchParams.get('before') === NEW
            ? { items: [row(OLD)] }
            : { items: [], next: NEW },
        ),
    })
    await screen.findByRole('table', { name: 'Deliveries' })
    expect(asked.mock.calls.some(([request]) => request.url.includes(`before=${NEW}`))).toBe(true)
  })

  it('says that it looked so far, when nothing was found for long', async () => {
    await openAt(`/deliveries?destination=${CRM}`, { ...BASE, [LIST]: { items: [], next: NEW } })
    expect(await screen.findByRole('button', { name: 'Look further back' })).toBeVisible()
  })
})

describe('many dead letters', () => {
  it('are sent again once one has seen how many they are', async () => {
    const user = userEvent.setup()
    const { asked } = await openAt(`/deliveries?state=dead&destination=${CRM}`, {
      ...BASE,
      [REPLAY]: counted(12, 'job_1'),
    })
    expect(await screen.findByText('12 dead letters fit')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Send all again' }))
    const dialog = await screen.findByRole('dialog', { hidden: true })
    await user.click(within(dialog).getByRole('button', { name: 'Send again' }))
    await waitFor(async () => {
      const orders = (await sent(asked, '/deliveries/replay')).filter(({ dry_run }) => !dry_run)
      expect(orders).toEqual([{ filter: { destination: CRM, to: expect.any(String) } }])
    })
  })

  it('are discarded only after their number was typed', async () => {
    const user = userEvent.setup()
    const { asked } = await openAt('/deliveries?state=dead', {
      ...BASE,
      [REPLAY]: counted(12),
      [DISCARD]: counted(12, 'job_1'),
    })
    await screen.findByText('12 dead letters fit')
    await user.click(screen.getByRole('button', { name: 'Discard all' }))
    const dialog = await screen.findByRole('dialog', { hidden: true })
    const button = within(dialog).getByRole('button', { name: 'Discard' })
    expect(button).toBeDisabled()
    await user.type(within(dialog).getByLabelText('Type 12 to discard them'), '12')
    await user.click(button)
    await waitFor(async () => expect(await sent(asked, '/deliveries/discard')).toHaveLength(1))
  })

  it('show how far they are, and can be stopped', async () => {
    const user = userEvent.setup()
    const { asked } = await openAt('/deliveries?state=dead', {
      ...BASE,
      [JOBS]: { items: [job(), job({ id: 'job_0', status: 'done', action: 'discard' })] },
      'POST /api/v1/jobs/job_1/cancel': () => new Response(null, { status: 204 }),
    })
    const bar = await screen.findByRole('progressbar')
    expect(bar).toHaveAttribute('aria-valuenow', '4')
    expect(screen.getAllByText('3 / 12 · 1 skipped')[0]).toBeVisible()
    expect(screen.getByRole('link', { name: 'Bulk jobs' })).toHaveAttribute('href', '/jobs')
    await user.click(screen.getByRole('button', { name: 'Stop' }))
    await waitFor(() =>
      expect(asked.mock.calls.some(([{ url }]) => url.endsWith('/jobs/job_1/cancel'))).toBe(true),
    )
  })

  it('are read again when a job was over before it was seen', async () => {
    const user = userEvent.setup()
    let [ordered, over] = [false, false]
    await openAt('/deliveries?state=dead', {
      ...BASE,
      [LIST]: () => Response.json({ items: over ? [] : [row(NEW)] }),
      // Whoever asks for the list and the number just before still finds the letter.
      [JOBS]: () => {
        over = ordered
        return Response.json({ items: over ? [job({ status: 'done' })] : [] })
      },
      [REPLAY]: async (request: Request) => {
        const { dry_run } = await request.json()
        if (dry_run) return Response.json({ matching: over ? 0 : 1 })
        ordered = true
        return Response.json({ matching: 1, job_id: 'job_1' })
      },
    })
    await screen.findByText('1 dead letter fits')
    await user.click(screen.getByRole('button', { name: 'Send all again' }))
    const dialog = await screen.findByRole('dialog')
    await user.click(await within(dialog).findByRole('button', { name: 'Send again' }))
    expect(await screen.findByText('0 dead letters fit')).toBeVisible()
    expect(await screen.findByText('No dead letter')).toBeVisible()
  })

  it('cannot be touched by who only looks', async () => {
    await openAt('/deliveries?state=dead', {
      ...BASE,
      'GET /api/v1/me': { name: 'Eve', role: 'viewer', version: '0.1.0' },
    })
    await screen.findByRole('table', { name: 'Deliveries' })
    expect(screen.queryByRole('button', { name: 'Discard all' })).toBeNull()
  })
})

describe('a dead letter', () => {
  const detail = (more = {}) => ({
    ...row(OLD),
    environment: 'production',
    destination_name: 'crm',
    event: trace().id,
    message: { order: 6 },
    history: [],
    ...more,
  })
  const page = (more = {}): Answers => ({
    ...BASE,
    [`GET /api/v1/deliveries/${OLD}`]: detail(more),
    'GET /api/v1/runs/run_01h455vb4pex5vsknk084sn02q': { event: trace().id },
    [`GET /api/v1/events/${trace().id}`]: trace({
      runs: [runTrace({ deliveries: [delivery(OLD, 'record', [10], detail(more).state)] })],
    }),
  })

  it('is edited as JSON, and leads to the new delivery', async () => {
    const user = userEvent.setup()
    const { asked, router } = await openAt(`/deliveries/${OLD}`, {
      ...page(),
      [`POST /api/v1/deliveries/${OLD}/edit`]: () => Response.json({ id: NEW }, { status: 201 }),
    })
    await user.click(await screen.findByRole('button', { name: 'Edit and send' }))
    const field = screen.getByRole('textbox', { name: 'Message' })
    expect(field).toHaveValue('{\n  "order": 6\n}')
    const send = screen.getByRole('button', { name: 'Send' })
    await user.clear(field)
    await user.click(field)
    await user.paste('{ "order": }')
    expect(send).toBeDisabled()
    await user.clear(field)
    await user.paste('{ "order": 66 }')
    await user.click(send)
    await waitFor(() => expect(router.state.location.pathname).toBe(`/deliveries/${NEW}`))
    const request = asked.mock.calls.map(([one]) => one).find(({ url }) => url.endsWith('/edit'))
    expect(await request?.clone().json()).toEqual({ message: { order: 66 } })
  })

  it('is discarded after a question', async () => {
    const user = userEvent.setup()
    const { asked } = await openAt(`/deliveries/${OLD}`, {
      ...page(),
      [`POST /api/v1/deliveries/${OLD}/discard`]: () => new Response(null, { status: 204 }),
    })
    await user.click(await screen.findByRole('button', { name: 'Discard' }))
    const dialog = await screen.findByRole('dialog', { name: 'Discard this dead letter?' })
    await user.click(within(dialog).getByRole('button', { name: 'Discard' }))
    await waitFor(() => expect(asked.mock.calls.some(([{ url }]) => url.endsWith('/discard'))).toBe(true))
  })

  it('says what was sent in its place, by whom', async () => {
    await openAt(
      `/deliveries/${OLD}`,
      page({
        state: 'replaced',
        replaced_by: NEW,
        closed_by: 'Ann',
        finished_at: '2026-03-01T10:00:00.000Z',
      }),
    )
    const article = await screen.findByRole('article', { name: 'Delivery' })
    expect(within(article).getByText(/by Ann/)).toBeVisible()
    const link = within(article)
      .getAllByRole('link')
      .find((one) => one.getAttribute('href') === `/deliveries/${NEW}`)
    expect(link).toBeVisible()
    expect(within(article).queryByRole('button', { name: 'Edit and send' })).toBeNull()
  })
})
