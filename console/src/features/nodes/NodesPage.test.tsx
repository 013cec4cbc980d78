import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { NodeRow } from '~/api/queries'
import { node } from '~/testing/fixtures'
import { openAt, problem } from '~/testing/page'

const LIST = 'GET /api/v1/nodes'

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString()

async function open(...nodes: NodeRow[]) {
  const page = await openAt('/nodes', { [LIST]: nodes })
  await screen.findByRole('table', { name: 'Nodes' })
  return page
}

const row = (name: string) => screen.getByText(name).closest('[role=row]') as HTMLElement
const notes = () => within(screen.getByRole('list', { name: 'What this means' }))
const counts = () => screen.getByText(/ alive$/).closest('[role=status]')

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the nodes', () => {
  it('are a table that says of each what it does, since when, and where', async () => {
    await open(
      node('hub-1', { roles: ['gateway', 'console'], is_here: true, runs: 12, started_at: ago(7_200) }),
      node('hub-2', { is_scheduler: true }),
      node('hub-3'),
    )
    const heads = screen.getAllByRole('columnheader').map((head) => head.textContent)
    expect(heads).toEqual(['Name', 'Status', 'Heartbeat', 'Does', 'Runs', 'Version', 'Started', 'Address'])
    expect(within(row('hub-1')).getAllByRole('cell')).toHaveLength(heads.length)
    expect(row('hub-1')).toHaveTextContent(/this one.*Alive.*Runs 12.*0\.2\.0.*2h ago.*hub-1:7946/)
    expect(counts()).toHaveTextContent('3 alive')
    expect(screen.queryByRole('heading', { level: 2 })).toBeNull()
    expect(notes().queryAllByRole('listitem')).toEqual([])
  })

  it('tells the scheduler from those that may become it', async () => {
    await open(node('hub-1'), node('hub-2', { is_scheduler: true }))
    expect(within(row('hub-1')).getByText('Scheduler')).toBeVisible()
    expect(within(row('hub-2')).getByText(/Scheduler · on duty/)).toBeVisible()
  })

  it('show roles that this console does not know yet by their own names', async () => {
    await open(node('hub-1', { roles: ['worker', 'archivist'] }), node('hub-2'))
    expect(within(row('hub-1')).getByText('archivist')).toBeVisible()
  })

  it('that were lost are marked by word and shape, and count no runs', async () => {
    await open(node('hub-1'), node('hub-2', { state: 'lost', runs: 4, heartbeat_at: ago(125) }))
    expect(row('hub-2')).toHaveTextContent(/Lost.*2m ago.*Runs –/)
    expect(row('hub-2').querySelector('svg')?.innerHTML).not.toBe(
      row('hub-1').querySelector('svg')?.innerHTML,
    )
    expect(counts()).toHaveTextContent('1 alive1 lost')
    expect(notes().getByText(/^1 node has been silent for longer than its lease/)).toBeVisible()
  })

  it('that differ in their version are said to be upgraded', async () => {
    await open(node('hub-1', { version: '0.9.0' }), node('hub-2', { version: '0.10.0' }))
    expect(row('hub-1')).toHaveTextContent('0.9.0 older')
    expect(row('hub-2')).not.toHaveTextContent('older')
    expect(
      notes().getByText(/different versions \(0\.9\.0, 0\.10\.0\): an upgrade is under way/),
    ).toBeVisible()
  })

  it('that others cannot reach say so, and what to set', async () => {
    await open(node('hub-1', { address: null }), node('hub-2'))
    expect(row('hub-1')).toHaveTextContent('not reachable')
    expect(row('hub-2')).not.toHaveTextContent('not reachable')
    expect(notes().getByText(/cannot reach hub-1: .* answers come slower.*cluster\.address/)).toBeVisible()
  })

  it('say what nobody does', async () => {
    await open(
      node('hub-1', { roles: ['gateway', 'console', 'scheduler', 'worker'] }),
      node('hub-2', { state: 'lost' }),
    )
    expect(notes().getByText(/does this: Delivery\. Start one with --roles delivery/)).toBeVisible()
  })

  it('of one name are told apart by their ids', async () => {
    await open(
      node('hub', { id: 'node_01h455vb4pex5vsknk084sn02q' }),
      node('hub', { id: 'node_01h455vb4pex5vsknk084sn02r' }),
    )
    expect(screen.getByRole('row', { name: /…4sn02q/ })).toBeVisible()
    expect(screen.getByRole('row', { name: /…4sn02r/ })).toBeVisible()
  })
})

describe('one node alone', () => {
  it('on the database inside is told how a cluster is made', async () => {
    await open(node('hub', { address: null, is_here: true, is_scheduler: true }))
    expect(screen.getByRole('heading', { name: 'One node, with its database inside' })).toBeVisible()
    expect(screen.getByText(/linchpin serve --database postgres:/)).toHaveTextContent('LINCHPIN_KEY=KEY')
    expect(screen.getByRole('button', { name: 'Copy commands' })).toBeVisible()
    expect(screen.getByText(/The new database begins empty/)).toBeVisible()
    expect(row('hub')).not.toHaveTextContent('not reachable')
  })

  it('on PostgreSQL is told that others may join', async () => {
    await open(node('hub', { is_here: true, is_scheduler: true }))
    expect(screen.getByRole('heading', { name: 'One node so far' })).toBeVisible()
    expect(screen.getByText(/KEY is what this node has/)).toBeVisible()
  })
})

describe('the page of the nodes', () => {
  it('asks again every few seconds', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    let state: NodeRow['state'] = 'alive'
    await openAt('/nodes', { [LIST]: () => Response.json([node('hub-1'), node('hub-2', { state })]) })
    await screen.findByRole('table', { name: 'Nodes' })
    expect(row('hub-2')).toHaveTextContent('Alive')
    state = 'lost'
    await act(() => vi.advanceTimersByTimeAsync(5_000))
    await waitFor(() => expect(row('hub-2')).toHaveTextContent('Lost'))
  })

  it('keeps what it knows when the server fails, and says how old that is', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    let fails = false
    await openAt('/nodes', {
      [LIST]: () =>
        fails
          ? problem(503, 'unavailable', 'The connection to the database was lost.')()
          : Response.json([node('hub-1'), node('hub-2')]),
    })
    await screen.findByRole('table', { name: 'Nodes' })
    fails = true
    await act(() => vi.advanceTimersByTimeAsync(5_000))
    expect(await screen.findByRole('alert')).toHaveTextContent('The connection to the database was lost.')
    expect(screen.getByText(/^as of/)).toHaveTextContent(/^as of \d+s ago$/)
    expect(row('hub-2')).toHaveTextContent('Alive')
    fails = false
    await act(() => vi.advanceTimersByTimeAsync(5_000))
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull())
    expect(screen.queryByText(/^as of/)).toBeNull()
  })

  it('says what went wrong, and tries again', async () => {
    const user = userEvent.setup()
    let fails = true
    await openAt('/nodes', {
      [LIST]: () =>
        fails ? problem(503, 'unavailable', 'Nothing can be read.')() : Response.json([node('hub-1')]),
    })
    const alert = await screen.findByRole('alert')
    expect(alert).toHaveTextContent('Nothing can be read.')
    fails = false
    await user.click(within(alert).getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('table', { name: 'Nodes' })).toBeVisible()
  })

  it('is reached by g n, and the rail says so', async () => {
    const user = userEvent.setup()
    const { router } = await openAt('/flows', { [LIST]: [node('hub-1')] })
    await screen.findByRole('table', { name: 'Flows' })
    await user.keyboard('gn')
    await screen.findByRole('table', { name: 'Nodes' })
    expect(router.state.location.pathname).toBe('/nodes')
    expect(screen.getByRole('link', { name: 'Nodes' })).toHaveAttribute('aria-current', 'page')
  })
})
