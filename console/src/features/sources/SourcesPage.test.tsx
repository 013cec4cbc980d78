import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SourceView } from '~/api/queries'
import { type Answers, openAt, problem } from '~/testing/page'

const LIST = 'GET /api/v1/environments/production/sources'
const MAKE = 'POST /api/v1/environments/production/sources'
const PREVIEW = 'POST /api/v1/schedules/preview'

const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000 + 500).toISOString()

function schedule(more: Partial<SourceView> = {}): SourceView {
  return {
    id: 'src_01h455vb4pex5vsknk084sn02r',
    name: 'digest',
    kind: 'schedule',
    environment: 'production',
    flow: 'flow_01h455vb4pex5vsknk084sn02q',
    url: null,
    config: {
      cron: '0 9 * * *',
      time_zone: 'Asia/Shanghai',
      missed: 'all',
      input: { day: '{{ tick.date }}' },
    },
    enabled: true,
    updated_at: '2026-03-01T09:00:00.000Z',
    usage: { requests_24h: 1, requests_30d: 30, last_at: soon(-150) },
    schedule: { next_at: soon(5.5), last_at: soon(-150), skipped: 0, skipped_at: null, skipped_why: null },
    ...more,
  } as SourceView
}

const ticks = { ticks: [{ at: '2026-03-02T01:00:00.000Z', local: '2026-03-02T09:00:00+08:00' }] }

beforeEach(() => {
  // jsdom knows no dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function () {
    this.open = false
  }
})

afterEach(() => vi.unstubAllGlobals())

async function making(answers: Answers) {
  const page = await openAt('/sources', { [PREVIEW]: ticks, ...answers })
  fireEvent.click(await screen.findByRole('button', { name: 'New schedule' }))
  const dialog = within(screen.getByRole('dialog', { name: 'New schedule' }))
  return { ...page, dialog }
}

describe('a schedule', () => {
  it('shows in the list when it ticks next, and when it did last', async () => {
    await openAt('/sources', { [LIST]: [schedule()] })
    const row = (await screen.findByText('digest')).closest('[role=row]')
    expect(row).toHaveTextContent(/digest.*after-sales.*Schedule.*0 9 \* \* \*.*in 5m.*last 2h ago/)
  })

  it('that is off says so, and what it left out', async () => {
    const state = { next_at: soon(5), skipped: 3, skipped_at: soon(-1), skipped_why: 'off' }
    const off = schedule({ enabled: false, schedule: state as SourceView['schedule'] })
    await openAt(`/sources/${off.id}`, { [LIST]: [off], [PREVIEW]: ticks })
    const page = within(await screen.findByRole('article', { name: 'digest' }))
    expect(page.getByText('Switched off')).toBeVisible()
    expect(page.getByText(/^3 ticks were left out.*switched off$/)).toBeVisible()
    expect(page.queryByText(/Next tick /)).toBeNull()
    expect(page.queryByRole('navigation'), 'it has no requests, and no call').toBeNull()
    expect(await page.findByText('At 09:00, every day')).toBeVisible()
    expect(page.getByText('2026-03-02 09:00:00+08:00')).toBeVisible()
  })

  it('is made by a form that shows its next ticks meanwhile', async () => {
    const made = vi.fn(async (request: Request) => {
      expect(await request.json()).toEqual({
        kind: 'schedule',
        name: 'digest',
        flow: 'after-sales',
        enabled: true,
        config: { cron: '0 9 * * *', time_zone: 'Asia/Shanghai', input: { day: 'x' }, missed: 'skip' },
      })
      return Response.json(schedule(), { status: 201 })
    })
    const { dialog, router, asked } = await making({ [MAKE]: made })
    fireEvent.change(dialog.getByLabelText('Name'), { target: { value: 'digest' } })
    fireEvent.change(dialog.getByLabelText('When (cron)'), { target: { value: '0 9 * * *' } })
    fireEvent.change(dialog.getByLabelText('Time zone'), { target: { value: 'Asia/Shanghai' } })
    expect(await dialog.findByText('2026-03-02 09:00:00+08:00')).toBeVisible()
    fireEvent.change(dialog.getByLabelText(/^Input/), { target: { value: '{"day":' } })
    expect(dialog.getByRole('button', { name: 'Create schedule' })).toBeDisabled()
    fireEvent.change(dialog.getByLabelText(/^Input/), { target: { value: '{"day": "x"}' } })
    fireEvent.change(dialog.getByLabelText(/^Ticks that/), { target: { value: 'skip' } })
    fireEvent.click(dialog.getByRole('button', { name: 'Create schedule' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/sources/${schedule().id}`))
    expect(made).toHaveBeenCalledOnce()
    expect(asked.mock.calls.filter(([request]) => request.url.endsWith('/preview')).length).toBeGreaterThan(1)
  })

  it('that is wrong is told so at the field that it is about', async () => {
    const wrong = (field: string, reason: string) => () =>
      Response.json(
        { status: 422, code: 'invalid', detail: '…', errors: [{ field, code: 'x', reason }] },
        { status: 422 },
      )
    const { dialog } = await making({
      [PREVIEW]: wrong('cron', 'the hour `25` is none.'),
      [MAKE]: wrong('config.input.day', 'the flow has no such input.'),
    })
    const cron = dialog.getByLabelText('When (cron)')
    await waitFor(() => expect(cron).toHaveAccessibleDescription('The hour 25 is none.'))
    expect(cron).toBeInvalid()
    fireEvent.change(dialog.getByLabelText('Name'), { target: { value: 'digest' } })
    fireEvent.click(dialog.getByRole('button', { name: 'Create schedule' }))
    const input = dialog.getByLabelText(/^Input/)
    await waitFor(() => expect(input).toHaveAccessibleDescription('day: the flow has no such input.'))
    fireEvent.change(input, { target: { value: '{"days": 1}' } })
    expect(input).toBeValid()
  })

  it('that cannot be saved for another reason is told so below', async () => {
    const { dialog } = await making({
      [PREVIEW]: ticks,
      [MAKE]: problem(409, 'conflict', 'The flow is gone.'),
    })
    fireEvent.change(dialog.getByLabelText('Name'), { target: { value: 'digest' } })
    fireEvent.click(dialog.getByRole('button', { name: 'Create schedule' }))
    expect(await dialog.findByText('The flow is gone.')).toBeVisible()
  })

  it('is changed', async () => {
    const known = schedule()
    const changed = vi.fn(async (request: Request) => {
      const body = await request.json()
      expect(body).toMatchObject({
        name: 'digest',
        kind: 'schedule',
        enabled: true,
        config: { ...known.config, cron: '0 8 * * *' },
      })
      return Response.json(known)
    })
    const answers = { [LIST]: [known], [PREVIEW]: ticks, [`PUT /api/v1/sources/${known.id}`]: changed }
    await openAt(`/sources/${known.id}`, answers)
    fireEvent.click(await screen.findByRole('button', { name: 'Change the schedule' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Change the schedule' }))
    expect(dialog.getByLabelText(/^Ticks that/)).toHaveValue('all')
    fireEvent.change(dialog.getByLabelText('When (cron)'), { target: { value: '0 8 * * *' } })
    fireEvent.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(screen.queryByRole('dialog', { name: 'Change the schedule' })).toBeNull())
    expect(changed).toHaveBeenCalledOnce()
  })

  it('is switched off, and stays a schedule', async () => {
    const known = schedule()
    const changed = vi.fn(async (request: Request) => {
      expect(await request.json()).toMatchObject({ kind: 'schedule', enabled: false, config: known.config })
      return Response.json(known)
    })
    await openAt(`/sources/${known.id}`, {
      [LIST]: [known],
      [PREVIEW]: ticks,
      [`PUT /api/v1/sources/${known.id}`]: changed,
    })
    fireEvent.click(await screen.findByRole('switch', { name: 'It ticks' }))
    await waitFor(() => expect(changed).toHaveBeenCalledOnce())
  })

  it('is only looked at by who may not change it', async () => {
    const known = schedule()
    await openAt(`/sources/${known.id}`, {
      [LIST]: [known],
      [PREVIEW]: ticks,
      'GET /api/v1/me': { name: 'Ann', role: 'viewer', version: '0.1.0' },
    })
    const page = within(await screen.findByRole('article', { name: 'digest' }))
    expect(page.queryByRole('button', { name: 'Change the schedule' })).toBeNull()
    expect(page.queryByRole('button', { name: 'Delete source' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'New schedule' })).toBeNull()
  })
})

describe('the list of sources', () => {
  it('offers both kinds of source to be made', async () => {
    await openAt('/sources')
    expect(await screen.findByRole('button', { name: 'New schedule' })).toBeVisible()
    expect(screen.getByRole('link', { name: 'New source' })).toHaveAttribute('href', '/sources/new')
  })
})
