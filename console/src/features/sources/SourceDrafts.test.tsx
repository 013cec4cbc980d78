import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt, problem } from '~/testing/page'
import { dialogs, SOURCE, SOURCE_ANSWERS } from '~/testing/source'

const PUT = `PUT /api/v1/sources/${SOURCE.id}`
const ASKED = 'Leave without saving?'

beforeEach(dialogs)
afterEach(() => vi.unstubAllGlobals())

/** The settings of the source, with another reply chosen and not saved. */
async function changed(answers: Answers = {}) {
  const user = userEvent.setup()
  const page = await openAt(`/sources/${SOURCE.id}?tab=settings`, { ...SOURCE_ANSWERS, ...answers })
  await user.click(await screen.findByRole('radio', { name: /^With the result/ }))
  const sides = within(screen.getByRole('navigation', { name: 'About the source' }))
  return { ...page, user, sides }
}

describe('what is changed of a source and not saved', () => {
  it('is kept while another side of its page is looked at, and marked', async () => {
    const { user, sides } = await changed()
    await user.click(sides.getByRole('link', { name: 'Requests' }))
    expect(await screen.findByText(/Waiting for the first request/)).toBeVisible()
    expect(screen.queryByRole('dialog', { name: ASKED })).toBeNull()
    await user.click(sides.getByRole('link', { name: /^Settings.*not saved/ }))
    expect(await screen.findByRole('radio', { name: /^With the result/ })).toBeChecked()
  })

  it('is asked about before another page is gone to, and stays when the person does', async () => {
    const { user, router } = await changed()
    void router.navigate({ to: '/destinations' })
    const dialog = within(await screen.findByRole('dialog', { name: ASKED }))
    await user.click(dialog.getByRole('button', { name: 'Stay here' }))
    await waitFor(() => expect(screen.queryByRole('dialog', { name: ASKED })).toBeNull())
    expect(router.state.location.pathname).toBe(`/sources/${SOURCE.id}`)
    expect(screen.getByRole('radio', { name: /^With the result/ })).toBeChecked()

    void router.navigate({ to: '/destinations' })
    const again = within(await screen.findByRole('dialog', { name: ASKED }))
    await user.click(again.getByRole('button', { name: 'Leave, and lose it' }))
    await waitFor(() => expect(router.state.location.pathname).toBe('/destinations'))
  })

  it('is asked about before the environment is changed, to which it does not belong', async () => {
    const { router } = await changed()
    void router.navigate({ to: '/sources/$source', params: { source: SOURCE.id }, search: { env: 'test' } })
    expect(await screen.findByRole('dialog', { name: ASKED })).toBeVisible()
  })

  it('is not asked about once it is saved', async () => {
    const { user, router } = await changed({ [PUT]: () => Response.json(SOURCE) })
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Discard changes' })).toBeNull())
    await router.navigate({ to: '/destinations' })
    expect(router.state.location.pathname).toBe('/destinations')
  })

  it('tells on either side what keeps the other from being saved', async () => {
    const errors = [{ field: 'config.fields.query', code: 'unknown_input', reason: 'the flow has none.' }]
    const { user } = await changed({
      'GET /api/v1/environments/production/sources': [
        { ...SOURCE, config: { ...SOURCE.config, fields: { query: { type: 'string', from: 'body.q' } } } },
      ],
      [PUT]: () => Response.json({ status: 422, code: 'invalid', detail: '…', errors }, { status: 422 }),
    })
    await user.click(screen.getByRole('button', { name: 'Save' }))
    const alert = await screen.findByText(/Among the fields 1 thing keeps it from being saved/)
    await user.click(within(alert).getByRole('link', { name: 'Show' }))
    const name = await screen.findByLabelText('Name')
    expect(name).toBeInvalid()
    expect(name).toHaveAccessibleDescription('The flow has none.')
  })
})

describe('a source that is being made', () => {
  it('is asked about as well, but not when it is cancelled', async () => {
    const { router } = await openAt('/sources/new', SOURCE_ANSWERS)
    fireEvent.change(await screen.findByLabelText('Name'), { target: { value: 'orders' } })
    void router.navigate({ to: '/destinations' })
    const dialog = within(await screen.findByRole('dialog', { name: ASKED }))
    fireEvent.click(dialog.getByRole('button', { name: 'Stay here' }))
    await waitFor(() => expect(screen.queryByRole('dialog', { name: ASKED })).toBeNull())
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(router.state.location.pathname).toBe('/sources'))
  })

  it('is kept when somebody else has saved meanwhile, whom it would undo', async () => {
    let now = { ...SOURCE }
    const saved: Record<string, unknown>[] = []
    const { user } = await changed({
      'GET /api/v1/environments/production/sources': () => Response.json([now]),
      [PUT]: async (request: Request) => {
        const body = await request.json()
        saved.push(body)
        if (body.unless_changed_since !== now.updated_at) return problem(409, 'stale', 'Read it again.')()
        return Response.json(now)
      },
    })
    now = { ...now, name: 'renamed', updated_at: '2026-03-01T11:00:00.000Z' }
    await user.click(screen.getByRole('button', { name: 'Save' }))
    const asked = await screen.findByRole('alert', { name: 'Somebody else has saved this meanwhile' })
    expect(screen.getByRole('radio', { name: /^With the result/ })).toBeChecked()
    await user.click(within(asked).getByRole('button', { name: 'Overwrite with mine' }))
    await waitFor(() => expect(saved).toHaveLength(2))
    expect(saved[1]).toMatchObject({ name: SOURCE.name, unless_changed_since: now.updated_at })
  })

  it('is saved at once when what somebody else has saved is left as it is', async () => {
    let now = { ...SOURCE }
    const saved: Record<string, unknown>[] = []
    const { user, client } = await changed({
      'GET /api/v1/environments/production/sources': () => Response.json([now]),
      [PUT]: async (request: Request) => {
        saved.push(await request.json())
        return Response.json(now)
      },
    })
    now = { ...now, enabled: false, updated_at: '2026-03-01T11:00:00.000Z' }
    await client.invalidateQueries({ queryKey: ['sources'] })
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(saved).toHaveLength(1))
    expect(saved[0]).toMatchObject({ enabled: false, unless_changed_since: now.updated_at })
  })
})
