import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SourceView } from '~/api/queries'
import { type Answers, openAt, problem } from '~/testing/page'

const LIST = 'GET /api/v1/environments/production/sources'
const MAKE = 'POST /api/v1/environments/production/sources'

function alerts(more: Partial<SourceView> = {}): SourceView {
  return {
    id: 'src_01h455vb4pex5vsknk084sn02r',
    name: 'on call',
    kind: 'alert',
    environment: 'production',
    flow: 'flow_01h455vb4pex5vsknk084sn02q',
    url: null,
    config: { alerts: ['dead_letter'], destinations: ['gone'] },
    enabled: true,
    updated_at: '2026-03-01T09:00:00.000Z',
    usage: { requests_24h: 1, requests_30d: 30, last_at: null },
    schedule: null,
    ...more,
  } as SourceView
}

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
  const page = await openAt('/sources', answers)
  fireEvent.click(await screen.findByRole('button', { name: 'New source of alerts' }))
  const dialog = within(screen.getByRole('dialog', { name: 'New source of alerts' }))
  fireEvent.change(dialog.getByLabelText('Name'), { target: { value: 'on call' } })
  return { ...page, dialog }
}

describe('a source of alerts', () => {
  it('says in the list what it takes', async () => {
    const every = alerts({ id: 'src_01h455vb4pex5vsknk084sn02s', name: 'all', config: {} })
    await openAt('/sources', { [LIST]: [alerts(), every] })
    expect(await screen.findByRole('row', { name: /on call/ })).toHaveTextContent(
      /Alert.*A destination has dead letters.*gone/,
    )
    expect(screen.getByRole('row', { name: /^all/ })).toHaveTextContent(/all alerts.*all destinations/)
  })

  it('is made of what is chosen', async () => {
    const made = vi.fn(async (request: Request) => {
      expect(await request.json()).toEqual({
        kind: 'alert',
        name: 'on call',
        flow: 'after-sales',
        enabled: true,
        config: { alerts: ['breaker_opened', 'dead_letter'], destinations: [], input: {} },
      })
      return Response.json(alerts(), { status: 201 })
    })
    const { dialog, router } = await making({ [LIST]: [], [MAKE]: made })
    fireEvent.click(dialog.getByLabelText('A destination has dead letters'))
    fireEvent.click(dialog.getByLabelText('A breaker closes again'))
    fireEvent.click(dialog.getByLabelText('A breaker opens'))
    fireEvent.click(dialog.getByLabelText('A breaker closes again'))
    fireEvent.click(dialog.getByRole('button', { name: 'Create source' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/sources/${alerts().id}`))
    expect(made).toHaveBeenCalledOnce()
  })

  it('says at its input what does not fit the flow', async () => {
    const errors = [
      { field: 'config.input.tone', code: 'missing', reason: 'the flow needs it: string.', suggestion: null },
    ]
    const wrong = () =>
      Response.json({ status: 422, code: 'invalid', title: 'invalid', errors }, { status: 422 })
    const { dialog } = await making({ [LIST]: [], [MAKE]: wrong })
    fireEvent.click(dialog.getByRole('button', { name: 'Create source' }))
    expect(await dialog.findByText(/the flow needs it/)).toBeVisible()
    expect(dialog.getByLabelText('Input of the flow (JSON)')).toBeInvalid()
  })

  it('keeps a destination that is gone until a person takes it out', async () => {
    const changed = vi.fn(async (request: Request) => {
      expect(await request.json()).toMatchObject({ config: { alerts: ['dead_letter'], destinations: [] } })
      return Response.json(alerts())
    })
    const known = alerts()
    await openAt(`/sources/${known.id}`, { [LIST]: [known], [`PUT /api/v1/sources/${known.id}`]: changed })
    fireEvent.click(await screen.findByRole('button', { name: 'Change what it takes' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Change what it takes' }))
    expect(dialog.getByLabelText('gone')).toBeChecked()
    fireEvent.click(dialog.getByLabelText('gone'))
    fireEvent.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(changed).toHaveBeenCalledOnce())
  })

  it('that somebody else has saved meanwhile is overwritten only when asked', async () => {
    let now = alerts()
    const saved: Record<string, unknown>[] = []
    await openAt(`/sources/${now.id}`, {
      [LIST]: () => Response.json([now]),
      [`PUT /api/v1/sources/${now.id}`]: async (request: Request) => {
        const body = await request.json()
        saved.push(body)
        if (body.unless_changed_since !== now.updated_at) return problem(409, 'stale', 'Read it again.')()
        return Response.json(now)
      },
    })
    fireEvent.click(await screen.findByRole('button', { name: 'Change what it takes' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Change what it takes' }))
    fireEvent.click(dialog.getByLabelText('A breaker opens'))
    now = alerts({ name: 'by night', updated_at: '2026-03-01T11:00:00.000Z' })
    fireEvent.click(dialog.getByRole('button', { name: 'Save' }))
    const asked = await dialog.findByRole('alert', { name: 'Somebody else has saved this meanwhile' })
    expect(within(asked).getByRole('row', { name: /^name/ })).toHaveTextContent('nameby nighton call')
    expect(dialog.getByLabelText('A breaker opens')).toBeChecked()
    fireEvent.click(within(asked).getByRole('button', { name: 'Load theirs' }))
    await waitFor(() => expect(dialog.getByLabelText('Name')).toHaveValue('by night'))
    expect(dialog.getByLabelText('A breaker opens')).not.toBeChecked()
    fireEvent.click(screen.getByRole('button', { name: 'Back to mine' }))
    await waitFor(() => expect(dialog.getByLabelText('A breaker opens')).toBeChecked())
    fireEvent.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(saved).toHaveLength(2))
    expect(saved[1]).toMatchObject({ name: 'on call', unless_changed_since: '2026-03-01T11:00:00.000Z' })
  })
})
