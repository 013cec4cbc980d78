import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DestinationView } from '~/api/destinations'
import { ARRIVED, DESTINATION, DESTINATION_ANSWERS, openBreaker } from '~/testing/destination'
import { type Answers, openAt, problem } from '~/testing/page'
import { dialogs } from '~/testing/source'

const PATH = `/api/v1/destinations/${DESTINATION.id}`

/** The page of a destination that stands like this, and what it sends. */
async function open(tab = '', how: Partial<DestinationView> = {}, answers: Answers = {}) {
  const sent: Record<string, unknown> = {}
  let now = { ...DESTINATION, ...how }
  const after = (change: Partial<DestinationView>) => async (request: Request) => {
    sent[new URL(request.url).pathname.split('/').at(-1) ?? ''] = await request.json().catch(() => null)
    now = { ...now, ...change }
    return new Response(null, { status: 204 })
  }
  const view = await openAt(`/destinations/${DESTINATION.id}${tab}`, {
    ...DESTINATION_ANSWERS,
    'GET /api/v1/environments/production/destinations': () => Response.json([now]),
    [`POST ${PATH}/close_breaker`]: after({ breaker: null }),
    [`POST ${PATH}/disable`]: after({ disabled_reason: 'moved' }),
    [`POST ${PATH}/enable`]: after({ disabled_reason: null }),
    [`PUT ${PATH}`]: async (request: Request) => {
      sent.saved = await request.json()
      return Response.json(now)
    },
    [`POST ${PATH}/test`]: async (request: Request) => {
      sent.tried = await request.json()
      return Response.json(ARRIVED)
    },
    ...answers,
  })
  await screen.findByRole('heading', { name: 'tickets', level: 1 })
  return { ...view, sent }
}

beforeEach(dialogs)
afterEach(() => vi.unstubAllGlobals())

describe('the health of a destination', () => {
  it('names an open breaker, why, and closes it', async () => {
    const user = userEvent.setup()
    const { sent } = await open('', { breaker: openBreaker() })
    const health = await screen.findByRole('region', { name: 'Status' })
    expect(within(health).getByRole('heading')).toHaveTextContent('Breaker open')
    expect(health).toHaveTextContent('the receiver answered 503')
    expect(health).toHaveTextContent('opened 2 times')
    await user.click(screen.getByRole('button', { name: 'Close and try now' }))
    await waitFor(() => expect(within(health).getByRole('heading')).toHaveTextContent('Takes deliveries'))
    expect(sent).toHaveProperty('close_breaker')
  })

  it('is switched off with a reason, and on', async () => {
    const user = userEvent.setup()
    const { sent } = await open()
    await user.click(await screen.findByRole('button', { name: 'Switch off' }))
    const dialog = screen.getByRole('dialog')
    await user.type(within(dialog).getByLabelText('Why?'), 'moved')
    await user.click(within(dialog).getByRole('button', { name: 'Switch off' }))
    expect(await screen.findByText(/It takes no deliveries: moved/)).toBeVisible()
    expect(sent.disable).toEqual({ reason: 'moved' })
    await user.click(screen.getByRole('button', { name: 'Switch on' }))
    expect(await screen.findByRole('heading', { name: 'Takes deliveries' })).toBeVisible()
  })

  it('shows what waits, and what was sent last to this destination alone', async () => {
    const row = (id: string, destination: string) => ({
      id: `msg_01h455vb4pex5vsknk084sn0${id}`,
      destination,
      run: 'run_1',
      step: `step-${id}`,
      state: 'delivered',
      attempts: 1,
      created_at: '2026-03-01T09:00:00.000Z',
    })
    const { asked } = await open(
      '',
      { queue: { pending: 4, retrying: 2, blocked: 1, dead: 3 } },
      {
        'GET /api/v1/environments/production/deliveries': {
          items: [row('1a', DESTINATION.id)],
        },
      },
    )
    expect(await screen.findByText('2 deliveries have failed and are tried again.')).toBeVisible()
    expect(screen.getByRole('link', { name: '3' })).toHaveAttribute(
      'href',
      expect.stringContaining('state=dead'),
    )
    const recent = await screen.findByRole('list', { name: 'Last deliveries' })
    expect(within(recent).getAllByRole('listitem')).toHaveLength(1)
    const urls = asked.mock.calls.map(([request]) => request.url)
    expect(urls.some((url) => url.includes(`destination=${DESTINATION.id}`))).toBe(true)
  })

  it('offers nothing to who may only look', async () => {
    await open(
      '',
      { breaker: openBreaker() },
      { 'GET /api/v1/me': { name: 'Eve', role: 'viewer', version: '1' } },
    )
    await screen.findByRole('heading', { name: 'Breaker open' })
    expect(screen.queryByRole('button', { name: 'Close and try now' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Switch off' })).toBeNull()
  })
})

describe('the settings of a destination', () => {
  it('show a secret as set, and send only one that is replaced', async () => {
    const user = userEvent.setup()
    const { sent } = await open('?tab=settings')
    const secret = await screen.findByRole('group', { name: 'Password, token or value' })
    expect(secret).toHaveTextContent('Set, kept sealed.')
    await user.click(within(secret).getByRole('button', { name: 'Replace' }))
    await user.type(screen.getByLabelText('Password, token or value'), 'fresh')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() =>
      expect(sent.saved).toEqual({
        name: 'tickets',
        config: DESTINATION.config,
        secrets: { auth: 'fresh' },
        unless_changed_since: DESTINATION.updated_at,
      }),
    )
    expect(await screen.findByRole('group', { name: 'Password, token or value' })).toBeVisible()
  })

  it('take away a secret that nothing needs any more', async () => {
    const user = userEvent.setup()
    const { sent } = await open('?tab=settings')
    await user.click(await screen.findByRole('radio', { name: /^None/ }))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(sent.saved).toMatchObject({ secrets: { auth: null } }))
  })

  it('know delays of their own, and what no limit is', async () => {
    const user = userEvent.setup()
    const { sent } = await open('?tab=settings')
    await user.click(await screen.findByText('Advanced'))
    await user.selectOptions(screen.getByLabelText('Retries'), 'own')
    await user.type(screen.getByLabelText('Delays'), '10s, 5m')
    await user.click(screen.getByText('Rate'))
    await user.click(screen.getAllByRole('button', { name: 'Remove' }).at(-1) as HTMLElement)
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(sent.saved).toMatchObject({ config: { retry: ['10s', '5m'], rate: [] } }))
  })

  it('are tried as they are written, and left only when asked', async () => {
    const user = userEvent.setup()
    const { sent, router } = await open('?tab=settings')
    const address = await screen.findByLabelText('Address')
    await user.clear(address)
    await user.type(address, 'https://new.example/x')
    await user.click(screen.getByRole('link', { name: 'Test' }))
    expect(await screen.findByText(/tries the settings as they are written/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Send test' }))
    await screen.findByText('It has arrived.')
    expect(sent.tried).toMatchObject({ config: { url: 'https://new.example/x' } })
    void router.navigate({ to: '/events' })
    expect(await screen.findByRole('dialog', { name: 'Leave without saving?' })).toBeVisible()
  })
})

describe('settings that somebody else has saved meanwhile', () => {
  /** The address is changed here, and the name elsewhere. */
  async function overtaken() {
    const user = userEvent.setup()
    let now = { ...DESTINATION }
    const saved: Record<string, unknown>[] = []
    const page = await open(
      '?tab=settings',
      {},
      {
        'GET /api/v1/environments/production/destinations': () => Response.json([now]),
        [`PUT ${PATH}`]: async (request: Request) => {
          const body = await request.json()
          saved.push(body)
          if (body.unless_changed_since !== now.updated_at) return problem(409, 'stale', 'Read it again.')()
          now = { ...now, name: body.name, config: body.config, updated_at: '2026-03-01T12:00:00.000Z' }
          return Response.json(now)
        },
      },
    )
    const address = await screen.findByLabelText('Address')
    await user.clear(address)
    await user.type(address, 'https://mine.example/x')
    now = { ...now, name: 'renamed', updated_at: '2026-03-01T11:00:00.000Z' }
    await user.click(screen.getByRole('button', { name: 'Save' }))
    const asked = await screen.findByRole('alert', { name: 'Somebody else has saved this meanwhile' })
    return { ...page, user, saved, asked }
  }
  const shown = () => (screen.getByLabelText('Address') as HTMLInputElement).value

  it('are told with what differs, and are overwritten only when asked', async () => {
    const { user, saved, asked } = await overtaken()
    expect(shown()).toBe('https://mine.example/x')
    expect(within(asked).getByRole('row', { name: /^name/ })).toHaveTextContent('namerenamedtickets')
    expect(within(asked).getByRole('row', { name: /^url/ })).toHaveTextContent('https://mine.example/x')
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
    await user.click(within(asked).getByRole('button', { name: 'Overwrite with mine' }))
    await waitFor(() => expect(saved).toHaveLength(2))
    expect(saved[1]).toMatchObject({ name: 'tickets', config: { url: 'https://mine.example/x' } })
    expect(await screen.findByRole('heading', { name: 'tickets', level: 1 })).toBeVisible()
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull())
  })

  it('are loaded, and what was typed can be had back', async () => {
    const { user, saved, asked } = await overtaken()
    await user.click(within(asked).getByRole('button', { name: 'Load theirs' }))
    await waitFor(() => expect(shown()).toBe('https://tickets.example.com/hooks'))
    expect(screen.getByLabelText('Name')).toHaveValue('renamed')
    await user.click(await screen.findByRole('button', { name: 'Back to mine' }))
    await waitFor(() => expect(shown()).toBe('https://mine.example/x'))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(saved).toHaveLength(2))
    expect(saved[1]).toMatchObject({ name: 'tickets', unless_changed_since: '2026-03-01T11:00:00.000Z' })
  })
})
