import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DestinationView } from '~/api/destinations'
import { DESTINATION, DESTINATION_ANSWERS } from '~/testing/destination'
import { type Answers, openAt, problem } from '~/testing/page'
import { dialogs } from '~/testing/source'

const PATH = `/api/v1/destinations/${DESTINATION.id}`
const UNTIL = new Date(Date.now() + 3_570_000).toISOString()

const V1 = { scheme: 'v1' }
const V1A = { scheme: 'v1a', key_id: 'b2d5', public_key: 'whpk_one' }

/** The keys of a destination that signs by these, and what is ordered. */
async function open(keys: DestinationView['signing_keys'], answers: Answers = {}) {
  const sent: unknown[] = []
  let now = { ...DESTINATION, signing_keys: keys }
  const page = await openAt(`/destinations/${DESTINATION.id}?tab=keys`, {
    ...DESTINATION_ANSWERS,
    'GET /api/v1/environments/production/destinations': () => Response.json([now]),
    [`POST ${PATH}/rotate`]: async (request: Request) => {
      sent.push(await request.json())
      now = { ...now, signing_keys: [V1, { ...V1, until: UNTIL }] }
      return Response.json({
        new_keys: [{ scheme: 'v1', secret: 'whsec_new' }],
        signing_keys: now.signing_keys,
      })
    },
    ...answers,
  })
  return { ...page, sent, user: userEvent.setup() }
}

beforeEach(dialogs)
afterEach(() => vi.unstubAllGlobals())

describe('the signing keys of a destination', () => {
  it('are listed with what receivers verify by, and where they find it', async () => {
    await open([V1, V1A, { ...V1A, key_id: 'a1', public_key: 'whpk_old', until: UNTIL }])
    const keys = await screen.findByRole('region', { name: 'Signing keys' })
    const [secret, shown, old] = within(keys).getAllByRole('listitem')
    expect(secret).toHaveTextContent('v1shared secret, Standard Webhookssigns')
    expect(shown).toHaveTextContent('whpk_one')
    expect(within(shown as HTMLElement).getByRole('button', { name: 'Copy public key' })).toBeVisible()
    expect(old).toHaveTextContent('replaced; signs until the overlap ends: in 59m')
    expect(within(keys).getByRole('link', { name: '/.well-known/linchpin.json' })).toHaveAttribute(
      'href',
      '/.well-known/linchpin.json',
    )
  })

  it('are rotated with an overlap, and the new secret is shown until it is put away', async () => {
    const { user, sent, router } = await open([V1])
    await user.click(await screen.findByRole('button', { name: 'Rotate keys' }))
    const dialog = screen.getByRole('dialog', { name: 'Rotate keys' })
    expect(dialog).toHaveTextContent('signed by the old key and by the new one')
    await user.selectOptions(within(dialog).getByLabelText('Overlap'), '7d')
    await user.click(within(dialog).getByRole('button', { name: 'Rotate keys' }))
    const fresh = await screen.findByRole('region', { name: 'The new keys' })
    expect(fresh).toHaveTextContent('whsec_new')
    expect(sent).toEqual([{ overlap: '7d' }])
    expect(await screen.findByText(/signs until the overlap ends/)).toBeVisible()
    // Another side of the page does not lose it.
    await router.navigate({ to: '/destinations/$destination', params: { destination: DESTINATION.id } })
    await user.click(await screen.findByRole('link', { name: 'Signing keys' }))
    expect(await screen.findByText('whsec_new')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'I have it' }))
    await waitFor(() => expect(screen.queryByText('whsec_new')).toBeNull())
  })

  it('of several schemes are rotated one by one, by a secret of one\u2019s own too', async () => {
    const { user, sent } = await open([V1, V1A])
    await user.click(await screen.findByRole('button', { name: 'Rotate keys' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Rotate keys' }))
    expect(dialog.queryByLabelText('A secret of your own')).toBeNull()
    await user.selectOptions(dialog.getByLabelText('Which key'), 'v1')
    await user.type(dialog.getByLabelText('A secret of your own'), 'whsec_own')
    await user.click(dialog.getByRole('button', { name: 'Rotate keys' }))
    await waitFor(() => expect(sent).toEqual([{ overlap: '1d', scheme: 'v1', secret: 'whsec_own' }]))
  })

  it('say what the server does not take, and that one header holds one signature', async () => {
    const { user } = await open([{ scheme: 'hmac' }], {
      [`POST ${PATH}/rotate`]: problem(422, 'invalid', 'The secret is too short.'),
    })
    await user.click(await screen.findByRole('button', { name: 'Rotate keys' }))
    const dialog = screen.getByRole('dialog', { name: 'Rotate keys' })
    expect(dialog).toHaveTextContent('header holds one signature')
    await user.selectOptions(within(dialog).getByLabelText('Overlap'), '0s')
    expect(dialog).toHaveTextContent('The old keys end at once')
    await user.click(within(dialog).getByRole('button', { name: 'Rotate keys' }))
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('The secret is too short.')
  })

  it('are not rotated by who may only look', async () => {
    await open([V1], { 'GET /api/v1/me': { name: 'Eve', role: 'viewer', version: '1' } })
    expect(await screen.findByRole('region', { name: 'Signing keys' })).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Rotate keys' })).toBeNull()
  })

  it('that are made with a destination are shown with it', async () => {
    const user = userEvent.setup()
    await openAt('/destinations/new?kind=wecom', {
      ...DESTINATION_ANSWERS,
      'POST /api/v1/environments/production/destinations': () =>
        Response.json(
          { ...DESTINATION, new_keys: [{ scheme: 'v1', secret: 'whsec_made' }] },
          { status: 201 },
        ),
    })
    await user.type(await screen.findByLabelText('Name'), 'tickets')
    await user.type(document.querySelector('input[type=password]') as HTMLElement, 'https://x.example/k')
    await user.click(screen.getByRole('button', { name: 'Create destination' }))
    expect(await screen.findByText('whsec_made')).toBeVisible()
  })
})
