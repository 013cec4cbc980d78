import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openAt, problem } from '~/testing/page'

const row = (id: string, status = 'succeeded', deliveries: string[] = []) => ({
  id,
  flow: 'flow_01h455vb4pex5vsknk084sn02q',
  source: 'src_01h455vb4pex5vsknk084sn02q',
  kind: 'webhook',
  received_at: '2026-03-01T10:00:00.000Z',
  status,
  took_ms: 12,
  deliveries,
})

const [NEW, OLD] = ['evt_01h455vb4pex5vsknk084sn02r', 'evt_01h455vb4pex5vsknk084sn02q']
const LIST = 'GET /api/v1/environments/production/events'

afterEach(() => vi.unstubAllGlobals())

describe('the list of events', () => {
  it('is a table whose rows are links, and tells what did not arrive', async () => {
    await openAt('/events', {
      [LIST]: { items: [row(NEW, 'succeeded', ['delivered', 'dead']), row(OLD, 'failed')] },
    })
    const table = await screen.findByRole('table', { name: 'Events' })
    const [, first, second] = within(table).getAllByRole('row')
    expect(within(first as HTMLElement).getByRole('link')).toHaveAttribute('href', `/events/${NEW}`)
    expect(first).toHaveTextContent('1 dead letter')
    await waitFor(() => expect(first).toHaveTextContent('shop-chat'))
    expect(within(first as HTMLElement).getByRole('img')).toHaveAccessibleName('Succeeded, 2 deliveries')
    expect(second).toHaveTextContent('Failed')
  })

  it('is walked with j and k', async () => {
    const user = userEvent.setup()
    await openAt('/events', { [LIST]: { items: [row(NEW), row(OLD)] } })
    await screen.findByRole('table', { name: 'Events' })
    const focused = () => document.activeElement?.getAttribute('href')
    await user.keyboard('j')
    expect(focused()).toBe(`/events/${NEW}`)
    await user.keyboard('jj')
    expect(focused()).toBe(`/events/${OLD}`)
    await user.keyboard('k')
    expect(focused()).toBe(`/events/${NEW}`)
  })

  it('asks for older ones from where it ends', async () => {
    const user = userEvent.setup()
    const { asked } = await openAt('/events', {
      [LIST]: (request: Request) =>
        Response.json(
          new URL(request.url).searchParams.has('before')
            ? { items: [row(OLD)] }
            : { items: [row(NEW)], next: NEW },
        ),
    })
    await user.click(await screen.findByRole('button', { name: 'Load older ones' }))
    await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(3))
    const urls = asked.mock.calls.map(([request]) => request.url)
    expect(urls.some((url) => url.includes(`before=${NEW}`))).toBe(true)
  })

  it('teaches how to send the first one', async () => {
    await openAt('/events', { [LIST]: { items: [] } })
    expect(await screen.findByText('No event yet')).toBeVisible()
    expect(await screen.findByText(/authorization: Bearer TOKEN/)).toBeVisible()
  })

  it('says what went wrong, and tries again', async () => {
    const user = userEvent.setup()
    let fails = true
    await openAt('/events', {
      [LIST]: () =>
        fails
          ? problem(503, 'unavailable', 'The database cannot be used now: the disk is full.')()
          : Response.json({ items: [row(NEW)] }),
    })
    const alert = await screen.findByRole('alert')
    expect(alert).toHaveTextContent('The server takes no changes now')
    expect(alert).toHaveTextContent('the disk is full')
    fails = false
    await user.click(within(alert).getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('table', { name: 'Events' })).toBeVisible()
  })

  it('leads to the login page without a session, and remembers where one was', async () => {
    const { router } = await openAt('/events?env=test', {
      'GET /api/v1/me': problem(401, 'unauthenticated', 'Log in, or send an API key.'),
    })
    expect(router.state.location.pathname).toBe('/login')
    expect(router.state.location.search).toEqual({ next: '/events?env=test' })
  })
})
