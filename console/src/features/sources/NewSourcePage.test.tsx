import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt } from '~/testing/page'
import { SOURCE_SCHEMA } from '~/testing/sourceSchema'

const SOURCES = '/api/v1/environments/production/sources'
const MADE = {
  id: 'src_new',
  name: 'shop-orders',
  environment: 'production',
  flow: 'flow_01h455vb4pex5vsknk084sn02q',
  url: 'http://localhost/hooks/src_new',
  kind: 'webhook',
  enabled: true,
  updated_at: '2026-03-01T09:00:00.000Z',
  usage: { requests_24h: 0, requests_30d: 0 },
}

const FLOW = {
  name: 'after-sales',
  deployments: [],
  versions: [],
  graph: { inputs: { query: { example: 'E3' } } },
}

/** The page, and what it sends when a source is made. */
async function open(answers: Answers = {}) {
  const sent: { body?: Record<string, unknown> } = {}
  const made: object[] = []
  const view = await openAt('/sources/new', {
    'GET /api/v1/source-schema': SOURCE_SCHEMA,
    'GET /api/v1/flows/after-sales': FLOW,
    'GET /api/v1/environments/production/events': { items: [] },
    'GET /api/v1/environments/production/refusals': { items: [] },
    [`GET ${SOURCES}`]: () => Response.json(made),
    [`POST ${SOURCES}`]: async (request: Request) => {
      sent.body = await request.json()
      made.push({ ...MADE, config: sent.body?.config })
      return Response.json(made[0], { status: 201 })
    },
    ...answers,
  })
  await screen.findByRole('radiogroup', { name: 'Verification' })
  return { ...view, sent }
}

afterEach(() => vi.unstubAllGlobals())

describe('a new source', () => {
  it('needs a name and a scheme; its secret is made, its call can be run, its first request is waited for', async () => {
    const user = userEvent.setup()
    const { sent, router } = await open()
    await user.type(screen.getByLabelText('Name'), 'shop-orders')
    await user.click(screen.getByRole('radio', { name: /^GitHub/ }))
    const secret = screen.getByLabelText(/^Secret/) as HTMLInputElement
    expect(secret.value.length, 'a secret is made already').toBeGreaterThan(24)
    const made = secret.value
    await user.click(screen.getByRole('button', { name: 'Create source' }))
    expect(await screen.findByText('Waiting for the first request …')).toBeVisible()
    expect(sent.body).toEqual({
      name: 'shop-orders',
      flow: 'after-sales',
      enabled: true,
      config: { verification: { scheme: 'github' } },
      secrets: { scheme: 'github', secrets: [made] },
    })
    expect(router.state.location.pathname).toBe('/sources/src_new')
    const sample = await screen.findByText(/openssl dgst -sha256/)
    expect(sample).toHaveTextContent(`SECRET='${made}'`)
    expect(sample).toHaveTextContent(`BODY='{"query":"E3"}'`)
  })

  it('says what is left to fill in, without asking the server', async () => {
    const user = userEvent.setup()
    const { sent } = await open()
    await user.click(screen.getByRole('radio', { name: /^GitHub/ }))
    await user.clear(screen.getByLabelText(/^Secret/))
    await user.click(screen.getByRole('button', { name: 'Create source' }))
    expect(screen.getByRole('alert')).toHaveTextContent('2 fields need attention.')
    expect(screen.getByLabelText('Name')).toBeInvalid()
    expect(screen.getByLabelText(/^Secret/)).toBeInvalid()
    expect(sent.body).toBeUndefined()
    await user.type(screen.getByLabelText('Name'), 'x')
    expect(screen.getByLabelText('Name'), 'what is mended is not called wrong any longer').toBeValid()
  })

  it('puts what the server says at the field that it is about', async () => {
    const user = userEvent.setup()
    await open({
      [`POST ${SOURCES}`]: () =>
        Response.json(
          {
            status: 422,
            code: 'invalid',
            detail: '…',
            errors: [
              {
                field: 'secrets.tokens',
                code: 'too_short',
                reason: 'a token has fewer than 16 characters.',
                suggestion: 'Make one with `openssl rand -hex 24`.',
              },
            ],
          },
          { status: 422 },
        ),
    })
    await user.type(screen.getByLabelText('Name'), 'shop')
    await user.click(screen.getByRole('radio', { name: /^Token/ }))
    await user.click(screen.getByRole('button', { name: 'Create source' }))
    const token = await screen.findByLabelText(/^Token/, { selector: 'input[type=password]' })
    await waitFor(() => expect(token).toBeInvalid())
    expect(token).toHaveAccessibleDescription(/A token has fewer than 16 characters/)
    await waitFor(() => expect(token).toHaveFocus())
  })

  it('warns of a source that verifies nobody', async () => {
    const user = userEvent.setup()
    await open()
    await user.click(screen.getByRole('radio', { name: /^None/ }))
    const section = screen.getByRole('region', { name: 'Verification' })
    expect(within(section).getByText(/Anybody who knows the URL may call it/)).toBeVisible()
  })
})
