import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ARRIVED, DESTINATION, DESTINATION_ANSWERS } from '~/testing/destination'
import { type Answers, openAt } from '~/testing/page'

const AT = '/api/v1/environments/production/destinations'
const URL_ = 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k'

/** The page, and what it sends. */
async function open(answers: Answers = {}) {
  const sent: Record<string, Record<string, unknown>> = {}
  const takes = (name: string, answer: object, status: number) => async (request: Request) => {
    sent[name] = await request.json()
    return Response.json(answer, { status })
  }
  const view = await openAt('/destinations/new', {
    ...DESTINATION_ANSWERS,
    [`POST ${AT}`]: takes('made', DESTINATION, 201),
    [`POST ${AT}/test`]: takes('tried', ARRIVED, 200),
    [`POST ${AT}/preview`]: takes('shown', { requests: [{}, {}] }, 200),
    ...answers,
  })
  await screen.findByRole('radiogroup', { name: 'Kind' })
  return { ...view, sent }
}

afterEach(() => vi.unstubAllGlobals())

describe('a new destination', () => {
  it('is chosen from the gallery, tried before it is saved, and made', async () => {
    const user = userEvent.setup()
    const { sent, router } = await open()
    await user.click(screen.getByRole('radio', { name: /^WeCom/ }))
    expect(await screen.findByText(/Group robots → Add/)).toBeVisible()
    expect(router.state.location.search).toEqual({ kind: 'wecom' })
    await user.click(screen.getByLabelText(/^Address/))
    await user.paste(URL_)

    await user.click(screen.getByRole('button', { name: 'Send test' }))
    expect(await screen.findByText('It has arrived.')).toBeVisible()
    expect(screen.getByRole('region', { name: 'Response' })).toHaveTextContent('200')
    expect(sent.tried).toMatchObject({ config: { kind: 'wecom' }, secrets: { url: URL_ } })
    expect(sent.tried?.body).toEqual({ text: '**Linchpin**: a test.' })
    await user.click(screen.getByRole('button', { name: 'Preview' }))
    expect(await screen.findByText(/these would be 2 requests/)).toBeVisible()
    expect(screen.queryByText('It has arrived.')).toBeNull()

    await user.type(screen.getByLabelText('Name'), 'support-group')
    await user.click(screen.getByRole('button', { name: 'Create destination' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/destinations/${DESTINATION.id}`))
    expect(sent.made).toEqual({
      name: 'support-group',
      config: { kind: 'wecom' },
      secrets: { url: URL_ },
    })
  })

  it('says what is missing without asking the server', async () => {
    const user = userEvent.setup()
    const { sent } = await open()
    await user.click(screen.getByRole('radio', { name: /^WeCom/ }))
    await user.click(await screen.findByRole('button', { name: 'Create destination' }))
    expect(screen.getByText('2 fields need attention.')).toBeVisible()
    expect(screen.getByLabelText(/^Address/)).toHaveAttribute('aria-invalid', 'true')
    expect(sent.made).toBeUndefined()
  })

  it('shows what the server refuses at its field, also when a test finds it', async () => {
    const user = userEvent.setup()
    const refused = () =>
      Response.json(
        {
          status: 422,
          code: 'invalid',
          detail: '`secrets.url`: x',
          errors: [{ field: 'secrets.url', code: 'invalid', reason: 'the address has no `key`.' }],
        },
        { status: 422 },
      )
    await open({ [`POST ${AT}/test`]: refused })
    await user.click(screen.getByRole('radio', { name: /^WeCom/ }))
    await user.click(await screen.findByLabelText(/^Address/))
    await user.paste('https://qyapi.weixin.qq.com/')
    await user.click(screen.getByRole('button', { name: 'Send test' }))
    await waitFor(() =>
      expect(screen.getByLabelText(/^Address/)).toHaveAccessibleDescription(/The address has no key/),
    )
  })

  it('moves an address among the secrets, and back', async () => {
    const user = userEvent.setup()
    const { sent } = await open()
    await user.click(screen.getByRole('radio', { name: /^Webhook/ }))
    await user.type(await screen.findByLabelText('Address'), 'https://a.example/x')
    await user.click(screen.getByLabelText('The address is a secret'))
    expect(screen.getByLabelText(/^Address/)).toHaveAttribute('type', 'password')
    await user.type(screen.getByLabelText('Name'), 'desk')
    await user.click(screen.getByRole('button', { name: 'Create destination' }))
    await waitFor(() =>
      expect(sent.made).toEqual({
        name: 'desk',
        config: { kind: 'webhook' },
        secrets: { url: 'https://a.example/x' },
      }),
    )
  })
})
