import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt, problem } from '~/testing/page'
import { SOURCE_SCHEMA } from '~/testing/sourceSchema'

const ID = 'src_01h455vb4pex5vsknk084sn02q'
const refusal = {
  id: 'ref_1',
  source: ID,
  code: 'field_invalid',
  status: 422,
  received_at: '2026-03-01T10:00:02.000Z',
}
const record = {
  request: {
    method: 'POST',
    path: 'orders/7',
    query: 'token=***',
    headers: { authorization: '***', 'content-type': 'application/json' },
    body: { text: '{"user_id": 7}' },
    peer: '192.0.2.1',
  },
  answer: {
    title: 'Fields do not fit',
    detail: '1 field does not fit.',
    errors: [{ field: 'query', code: 'missing', expected: 'string', got: 'nothing' }],
  },
}
const event = {
  id: 'evt_01h455vb4pex5vsknk084sn02q',
  flow: 'flow_01h455vb4pex5vsknk084sn02q',
  source: ID,
  kind: 'webhook',
  received_at: '2026-03-01T10:00:01.000Z',
  status: 'succeeded',
  deliveries: [],
}

const ANSWERS: Answers = {
  'GET /api/v1/source-schema': SOURCE_SCHEMA,
  'GET /api/v1/flows/after-sales': {
    name: 'after-sales',
    deployments: [],
    versions: [],
    graph: { inputs: { query: { type: 'string', required: true, example: 'E3' } } },
  },
  'GET /api/v1/environments/production/events': { items: [event] },
  'GET /api/v1/environments/production/refusals': { items: [refusal] },
  'GET /api/v1/refusals/ref_1': { ...refusal, record, environment: 'production' },
}

const open = (search = '', answers: Answers = {}) =>
  openAt(`/sources/${ID}${search}`, { ...ANSWERS, ...answers })

/** What the page sends when the source is changed. */
function changes() {
  const sent: Record<string, unknown>[] = []
  const answer = async (request: Request) => {
    sent.push(await request.json())
    return Response.json({})
  }
  return { sent, answers: { [`PUT /api/v1/sources/${ID}`]: answer } as Answers }
}

afterEach(() => vi.unstubAllGlobals())

describe('a refused request that is tried again', () => {
  const again = (answer: Answers[string], more: object = {}) => ({
    'GET /api/v1/refusals/ref_1': {
      ...refusal,
      record,
      environment: 'production',
      replayable: true,
      ...more,
    },
    'POST /api/v1/refusals/ref_1/replay': answer,
  })

  it('is accepted, and leads to its event', async () => {
    const user = userEvent.setup()
    const receipt = { event_id: event.id, run_id: 'run_1', duplicate: false, status_url: '' }
    await open('?request=ref_1', again({ accepted: receipt }))
    const section = await screen.findByRole('region', { name: 'Try again' })
    expect(section).toHaveTextContent('against its own headers and the time at which it was received')
    await user.click(within(section).getByRole('button', { name: 'Try again' }))
    expect(await within(section).findByText('It was accepted when it was tried again.')).toBeVisible()
    expect(within(section).getByRole('link')).toHaveAttribute('href', `/events/${event.id}`)
  })

  it('is told why it is still refused', async () => {
    const user = userEvent.setup()
    const errors = [{ field: 'query', code: 'missing', expected: 'string', got: 'nothing' }]
    const refused = { code: 'field_invalid', status: 422, title: 'x', detail: 'A field is missing.', errors }
    await open('?request=ref_1', again({ refused }))
    const section = await screen.findByRole('region', { name: 'Try again' })
    await user.click(within(section).getByRole('button', { name: 'Try again' }))
    const told = await within(section).findByRole('status')
    expect(told).toHaveTextContent('Still refused: Fields do not fit')
    expect(within(told).getByRole('row', { name: 'query string nothing' })).toBeVisible()
    expect(within(section).getByRole('button', { name: 'Try again' })).toBeEnabled()
  })

  it('leads to the event that it became before', async () => {
    await open('?request=ref_1', again({}, { replayable: false, replayed_as: event.id }))
    const section = await screen.findByRole('region', { name: 'Try again' })
    expect(within(section).getByRole('link')).toHaveAttribute('href', `/events/${event.id}`)
    expect(within(section).queryByRole('button')).toBeNull()
  })

  it('cannot be when it was not kept whole, and says why', async () => {
    const cut = { request: { ...record.request, cut_from: 200_000 } }
    await open('?request=ref_1', again({}, { replayable: false, record: cut }))
    const section = await screen.findByRole('region', { name: 'Try again' })
    expect(section).toHaveTextContent('its body had 195 KiB')
    expect(within(section).queryByRole('button')).toBeNull()
  })

  it('cannot be when its body was not read', async () => {
    await open('?request=ref_1', again({}, { replayable: false }))
    const section = await screen.findByRole('region', { name: 'Try again' })
    expect(section).toHaveTextContent('refused before its body was read')
  })
})

describe('the requests of a source', () => {
  it('are listed taken and refused together, the newest first', async () => {
    await open()
    const list = await screen.findByRole('region', { name: 'Requests' })
    const items = within(list).getAllByRole('listitem')
    expect(items.map((item) => item.textContent)).toEqual([
      expect.stringContaining('Refused with 422'),
      expect.stringContaining('Accepted'),
    ])
  })

  it('tell which check refused one, why, and what to do next', async () => {
    const user = userEvent.setup()
    const { router } = await open()
    await user.click(await screen.findByRole('button', { name: /Refused with 422/ }))
    expect(await screen.findByText('1 field does not fit.', { selector: 'p' })).toBeVisible()
    expect(router.state.location.search).toMatchObject({ request: 'ref_1' })
    const checks = within(screen.getByRole('list', { name: 'The checks, in their order' }))
    const texts = checks.getAllByRole('listitem').map((item) => item.textContent)
    expect(texts).toContain('Verificationpassed')
    expect(texts).toContain('Fieldsfailed')
    expect(texts).toContain('Storednot reached')
    const fields = within(screen.getByRole('table', { name: 'Fields that do not fit' }))
    expect(fields.getByRole('row', { name: 'query string nothing' })).toBeVisible()
    expect(await screen.findByText(/Mend each field in/)).toBeVisible()
    const request = within(screen.getByRole('region', { name: 'Request, as it came' }))
    expect(request.getByText('/hooks/src_1/orders/7?token=***')).toBeVisible()
    expect(request.getByRole('row', { name: 'authorization not recorded' })).toBeVisible()
    expect(request.getByText('14 B')).toBeVisible()
  })

  it('are shown without the refused ones to who may not see those', async () => {
    await open('', {
      'GET /api/v1/environments/production/refusals': problem(403, 'forbidden', 'Operators may.'),
    })
    const list = await screen.findByRole('region', { name: 'Requests' })
    expect(within(list).getAllByRole('listitem')).toHaveLength(1)
    expect(list).toHaveTextContent('Refused requests are shown to operators and above.')
  })
})

describe('the settings of a source', () => {
  it('are saved whole, without the secrets that stay', async () => {
    const user = userEvent.setup()
    const { sent, answers } = changes()
    await open('?tab=settings', answers)
    expect(await screen.findByText('Its secrets are kept sealed.')).toBeVisible()
    const save = screen.getByRole('button', { name: 'Save' })
    expect(save).toBeDisabled()
    await user.click(screen.getByRole('radio', { name: /^With the result/ }))
    await user.click(save)
    await waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toEqual({
      name: 'shop-chat',
      flow: 'after-sales',
      enabled: true,
      config: { verification: { scheme: 'token' }, reply: { mode: 'wait' } },
      unless_changed_since: '2026-03-01T09:00:00.000Z',
    })
  })

  it('ask for new secrets with another scheme', async () => {
    const user = userEvent.setup()
    const { sent, answers } = changes()
    await open('?tab=settings', answers)
    await user.click(await screen.findByRole('radio', { name: /^GitHub/ }))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({
      config: { verification: { scheme: 'github' } },
      secrets: { scheme: 'github', secrets: [expect.stringMatching(/^[\w-]{32}$/)] },
    })
  })

  it('are only read by who may not change them', async () => {
    await open('?tab=settings', { 'GET /api/v1/me': { name: 'Ann', role: 'viewer', version: '0.1.0' } })
    expect(await screen.findByText(/scheme/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
    expect(screen.queryByRole('switch')).toBeNull()
  })

  it('switch it off at once', async () => {
    const user = userEvent.setup()
    const { sent, answers } = changes()
    await open('', answers)
    await user.click(await screen.findByRole('switch', { name: 'Takes requests' }))
    await waitFor(() => expect(sent).toMatchObject([{ enabled: false, name: 'shop-chat' }]))
  })

  it('delete it once its name is typed', async () => {
    const user = userEvent.setup()
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true
    }
    HTMLDialogElement.prototype.close = function close() {
      this.open = false
    }
    const { asked, router } = await open('?tab=settings', {
      [`DELETE /api/v1/sources/${ID}`]: () => new Response(null, { status: 204 }),
    })
    await user.click(await screen.findByRole('button', { name: 'Delete source' }))
    const dialog = within(screen.getByRole('dialog'))
    const confirm = dialog.getByRole('button', { name: 'Delete source' })
    expect(confirm).toBeDisabled()
    await user.type(dialog.getByLabelText(/to confirm/), 'shop-chat')
    await user.click(confirm)
    await waitFor(() => expect(router.state.location.pathname).toBe('/sources'))
    expect(asked.mock.calls.some(([request]) => request.method === 'DELETE')).toBe(true)
  })
})

describe('the secrets of a source', () => {
  beforeEach(() => {
    // jsdom knows no dialogs.
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true
    }
    HTMLDialogElement.prototype.close = function close() {
      this.open = false
    }
  })

  const ROTATE = `POST /api/v1/sources/${ID}/rotate`
  const rotating = async (answers: Answers) => {
    const user = userEvent.setup()
    await open('?tab=settings', answers)
    await user.click(await screen.findByRole('button', { name: 'Rotate secrets' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Rotate secrets' }))
    return { user, dialog }
  }

  it('are rotated, and the old ones taken for a while', async () => {
    const rotated = vi.fn(async (request: Request) => {
      expect(await request.json()).toEqual({
        secrets: { scheme: 'token', tokens: [expect.stringMatching(/^[\w-]{32}$/)] },
        overlap: '7d',
      })
      return Response.json({})
    })
    const { user, dialog } = await rotating({ [ROTATE]: rotated })
    await user.selectOptions(dialog.getByLabelText('Overlap'), '7 days')
    await user.click(dialog.getByRole('button', { name: 'Rotate secrets' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(rotated).toHaveBeenCalledOnce()
  })

  it('that are refused are told of at their field', async () => {
    const errors = [{ field: 'secrets.tokens', code: 'too_short', reason: 'a token is too short.' }]
    const { user, dialog } = await rotating({
      [ROTATE]: () => Response.json({ status: 422, code: 'invalid', detail: '…', errors }, { status: 422 }),
    })
    await user.click(dialog.getByRole('button', { name: 'Rotate secrets' }))
    const token = dialog.getByLabelText(/^Token/, { selector: 'input' })
    await waitFor(() => expect(token).toBeInvalid())
  })

  it('of before the rotation are said to be taken until they end', async () => {
    const source = {
      id: ID,
      name: 'shop-chat',
      kind: 'webhook',
      environment: 'production',
      flow: event.flow,
      url: 'http://localhost/hooks/src_1',
      config: { verification: { scheme: 'token' } },
      enabled: true,
      usage: { requests_24h: 0, requests_30d: 0 },
      previous_until: '2026-03-02T09:00:00.000Z',
    }
    await open('?tab=settings', { 'GET /api/v1/environments/production/sources': [source] })
    expect(await screen.findByText(/before the rotation is taken as well until .*2026/)).toBeVisible()
  })
})

describe('the head of a source', () => {
  it('tells how much it is used', async () => {
    await open()
    const use = await screen.findByLabelText('Use')
    expect(use).toHaveTextContent(/Last 24 hours12Last 30 days10,000\+Last one/)
  })
})

describe('the fields of a source', () => {
  it('begin as the flow has them, and are mapped row by row', async () => {
    const user = userEvent.setup()
    const { sent, answers } = changes()
    await open('?tab=fields', answers)
    const table = await screen.findByRole('table', { name: 'Fields' })
    expect(within(table).getByText('body.query')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Map the fields by hand' }))
    const from = screen.getByLabelText('From')
    await user.clear(from)
    await user.type(from, 'body.data.text')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({
      config: { fields: { query: { type: 'string', from: 'body.data.text', required: true } } },
    })
  })
})
