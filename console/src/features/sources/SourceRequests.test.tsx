import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt } from '~/testing/page'
import { dialogs, SOURCE, SOURCE_ANSWERS } from '~/testing/source'
import { FakeStream } from '~/testing/stream'

const API = `/api/v1/sources/${SOURCE.id}`
const EVENT = 'evt_01h455vb4pex5vsknk084sn02q'

const REQUEST = {
  method: 'POST',
  path: '',
  headers: { 'content-type': 'application/json' },
  body: { text: '{"query":"E3","order":{"number":17}}' },
  peer: '192.0.2.1',
}
const FOUND = {
  fields: {
    query: { type: 'string', from: 'body.query', required: true, example: 'E3' },
    number: { type: 'integer', from: 'body.order.number', required: true, example: 17 },
  },
  inputs: {},
}
const heard = (id: string, outcome = 'accepted', second = 0) => ({
  outcome,
  id,
  received_at: `2026-03-01T10:00:0${second}.000Z`,
  request: REQUEST,
})

/** The boxes of the two. */
const QUERY = /^body\.query(?! is)/
const NUMBER = /^body\.order\.number(?! is)/

beforeEach(() => {
  dialogs()
  FakeStream.all.length = 0
})
afterEach(() => vi.unstubAllGlobals())

async function open(search: string, answers: Answers = {}) {
  const page = await openAt(`/sources/${SOURCE.id}?${search}`, {
    ...SOURCE_ANSWERS,
    [`POST ${API}/infer`]: FOUND,
    ...answers,
  })
  vi.stubGlobal('EventSource', FakeStream)
  return page
}

/** The stream of the listening. */
const stream = () => FakeStream.all.find(({ url }) => url.endsWith('/listen')) as FakeStream

async function listen(answers: Answers = {}) {
  const page = await open('tab=listen', answers)
  fireEvent.click(await screen.findByRole('button', { name: 'Wait for the next request' }))
  act(() => stream().say('listening', {}))
  return page
}

describe('listening to a source', () => {
  it('teaches what it is for, with a call to copy, before it begins', async () => {
    await open('tab=listen')
    expect(await screen.findByRole('heading', { name: 'See a real request come in' })).toBeVisible()
    expect(await screen.findByText(/^curl -X POST/)).toBeVisible()
    expect(stream()).toBeUndefined()
  })

  it('shows a request when it comes: verified or not, its body, its headers', async () => {
    await listen()
    expect(screen.getByRole('status')).toHaveTextContent('Waiting for the next request …')
    act(() => stream().say('request', heard(EVENT)))
    const request = within(await screen.findByRole('region', { name: 'The request that came' }))
    expect(request.getByRole('heading', { name: 'Accepted' })).toBeVisible()
    expect(request.getByText('Verified: Token.')).toBeVisible()
    expect(request.getByRole('row', { name: 'content-type application/json' })).toBeVisible()
    expect(request.getByRole('tree', { name: 'Body' })).toHaveTextContent('number: 17')
  })

  it('says of a refused one which check refused it, and why', async () => {
    const errors = [{ field: 'query', code: 'missing', expected: 'string', got: 'nothing' }]
    const record = { answer: { detail: '1 field does not fit.', errors } }
    const refusal = { id: 'ref_1', code: 'field_invalid', status: 422, record }
    await listen({ 'GET /api/v1/refusals/ref_1': refusal })
    act(() => stream().say('request', heard('ref_1', 'refused')))
    expect(await screen.findByText('1 field does not fit.')).toBeVisible()
    expect(screen.getByText('expected string, got nothing')).toBeVisible()
    const checks = within(screen.getByRole('list', { name: 'The checks, in their order' }))
    expect(checks.getAllByRole('listitem').map((item) => item.textContent)).toContain('Fieldsfailed')
  })

  it('lists several; the newest is shown until somebody works on one', async () => {
    await listen()
    act(() => stream().say('request', heard('ref_a', 'refused', 1)))
    act(() => stream().say('request', heard('evt_b', 'accepted', 2)))
    const list = within(await screen.findByRole('navigation', { name: 'Requests that came' }))
    const current = () => list.getAllByRole('button').findIndex((one) => one.ariaCurrent === 'true')
    expect(current()).toBe(0)
    fireEvent.focus(await screen.findByLabelText(QUERY))
    act(() => stream().say('request', heard('evt_c', 'accepted', 3)))
    expect(list.getAllByRole('button')).toHaveLength(3)
    expect(current()).toBe(1)
  })

  it('is stopped, ends politely when its time is over, and begins again', async () => {
    await listen()
    act(() => stream().say('request', heard(EVENT)))
    act(() => stream().say('end', {}))
    const bar = screen.getByRole('status')
    expect(bar).toHaveTextContent('Ten minutes are over')
    fireEvent.click(screen.getByRole('button', { name: 'Wait for the next request' }))
    expect(FakeStream.all.filter(({ url }) => url.endsWith('/listen'))).toHaveLength(2)
    fireEvent.click(screen.getByRole('button', { name: 'Stop' }))
    expect(FakeStream.all.at(-1)?.closed).toBe(true)
    expect(bar).toHaveTextContent('Nothing more is waited for.')
  })

  it('ends with the page', async () => {
    const { router } = await listen()
    expect(stream().closed).toBe(false)
    await act(() => router.navigate({ to: '/destinations' }))
    await waitFor(() => expect(stream().closed).toBe(true))
  })

  it('is for operators and above', async () => {
    await open('tab=listen', { 'GET /api/v1/me': { name: 'Ann', role: 'viewer', version: '0.1.0' } })
    expect(await screen.findByText(/Only operators and above/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Wait for the next request' })).toBeNull()
  })
})

describe('the fields that are found in a request', () => {
  const found = async (answers: Answers = {}) => {
    const asked = vi.fn(async (request: Request) => {
      expect(await request.json()).toEqual({ event: EVENT })
      return Response.json(FOUND)
    })
    const page = await listen({ [`POST ${API}/infer`]: asked, ...answers })
    act(() => stream().say('request', heard(EVENT)))
    await screen.findByLabelText(QUERY)
    return page
  }

  it('become fields by a click, and are saved where the others are', async () => {
    const saved = vi.fn(async (request: Request) => {
      expect((await request.json()).config.fields).toEqual({
        query: { type: 'string', from: 'body.query', required: true },
        amount: { type: 'integer', from: 'body.order.number' },
      })
      return Response.json(SOURCE)
    })
    const { router } = await found({ [`PUT ${API}`]: saved })
    expect(screen.getByLabelText(QUERY)).toBeChecked()
    fireEvent.click(screen.getByLabelText(NUMBER))
    const name = screen.getByLabelText('Field of body.order.number')
    expect(name).toHaveAccessibleDescription('The flow has no such input.')
    fireEvent.change(name, { target: { value: 'amount' } })
    fireEvent.click(screen.getByLabelText('body.order.number is required'))
    fireEvent.click(screen.getByRole('button', { name: 'Put 2 fields into the mapping' }))
    await waitFor(() => expect(router.state.location.search).toMatchObject({ tab: 'fields' }))
    expect((await screen.findAllByLabelText('Name')).map((one) => (one as HTMLInputElement).value)).toEqual([
      'query',
      'amount',
    ])
    fireEvent.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(saved).toHaveBeenCalledOnce())
  })

  it('are not taken with the same name twice, and say which input of the flow is missing', async () => {
    await found()
    fireEvent.click(screen.getByLabelText(NUMBER))
    fireEvent.change(screen.getByLabelText('Field of body.order.number'), { target: { value: 'query' } })
    expect(screen.getByLabelText('Field of body.query')).toBeInvalid()
    expect(screen.getByRole('button', { name: /into the mapping/ })).toBeDisabled()
    fireEvent.click(screen.getByLabelText(QUERY))
    expect(screen.getByRole('button', { name: 'Put 1 field into the mapping' })).toBeEnabled()
    expect(screen.queryByText(/The flow also needs/)).toBeNull()
    fireEvent.change(screen.getByLabelText('Field of body.order.number'), { target: { value: 'x' } })
    expect(screen.getByText(/The flow also needs/)).toHaveTextContent('query')
  })

  it('are added to the inputs of the draft where the flow does not know them', async () => {
    const saved = vi.fn(async (request: Request) => {
      const { definition } = await request.json()
      expect(definition).toBe(
        'inputs:\n  query: { type: string, required: true }\n  number: { type: integer }\n',
      )
      return Response.json({})
    })
    await found({ 'PUT /api/v1/flows/after-sales': saved })
    fireEvent.click(screen.getByLabelText(NUMBER))
    fireEvent.click(screen.getByRole('button', { name: 'Add 1 input to the flow’s draft' }))
    await waitFor(() => expect(saved).toHaveBeenCalledOnce())
  })

  it('are offered for earlier requests, too', async () => {
    const trace = {
      id: EVENT,
      received_at: '2026-03-01T10:00:00.000Z',
      request: REQUEST,
      runs: [],
      files: [],
    }
    await open(`request=${EVENT}`, { [`GET /api/v1/events/${EVENT}`]: trace })
    fireEvent.click(await screen.findByRole('button', { name: 'Fields in it' }))
    expect(await screen.findByLabelText(NUMBER)).not.toBeChecked()
  })
})

describe('the samples of a source', () => {
  const sample = (name: string, text: string) => ({
    name,
    from: EVENT,
    received_at: '2026-03-01T10:00:00.000Z',
    pinned_at: '2026-03-01T10:01:00.000Z',
    request: { ...REQUEST, body: { text } },
  })
  const SAMPLES = [sample('first', '{"a":1}'), sample('second', '{"b":2}')]

  it('teach, while there are none, how to get one', async () => {
    await open('tab=samples')
    expect(await screen.findByRole('heading', { name: 'No sample yet' })).toBeVisible()
    expect(screen.getByRole('link', { name: 'Wait for the next request' })).toHaveAttribute(
      'href',
      `/sources/${SOURCE.id}?tab=listen`,
    )
  })

  it('are pinned from a request under a name that the server takes', async () => {
    const pinned = vi.fn(async (request: Request) => {
      expect(await request.json()).toEqual({ event: EVENT })
      return new Response(null, { status: 204 })
    })
    await listen({ [`GET ${API}/samples`]: SAMPLES, [`PUT ${API}/samples/order-1`]: pinned })
    act(() => stream().say('request', heard(EVENT)))
    fireEvent.click(await screen.findByRole('button', { name: 'Pin as sample' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Pin as sample' }))
    const name = dialog.getByLabelText('Name')
    await waitFor(() => expect(name).toHaveValue('sample_3'))
    fireEvent.change(name, { target: { value: 'two words' } })
    expect(name).toBeInvalid()
    expect(dialog.getByRole('button', { name: 'Pin as sample' })).toBeDisabled()
    fireEvent.change(name, { target: { value: 'first' } })
    expect(name).toHaveAccessibleDescription('There is a sample of this name; it is replaced.')
    fireEvent.change(name, { target: { value: 'order-1' } })
    fireEvent.click(dialog.getByRole('button', { name: 'Pin as sample' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(pinned).toHaveBeenCalledOnce()
  })

  it('are looked at, and fields are found in one of them or in all', async () => {
    const asked: unknown[] = []
    const answer = async (request: Request) => {
      asked.push(await request.json())
      return Response.json(FOUND)
    }
    await open('tab=samples', { [`GET ${API}/samples`]: SAMPLES, [`POST ${API}/infer`]: answer })
    expect(await screen.findByRole('tree', { name: 'Body' })).toHaveTextContent('a: 1')
    const list = within(screen.getByRole('navigation', { name: 'Samples' }))
    fireEvent.click(list.getByRole('button', { name: /^second/ }))
    await waitFor(() => expect(screen.getByRole('tree', { name: 'Body' })).toHaveTextContent('b: 2'))
    fireEvent.click(screen.getByRole('button', { name: 'all 2 samples' }))
    await waitFor(() => expect(asked).toEqual([{ samples: ['first'] }, { samples: ['second'] }, {}]))
  })

  it('are deleted once that is confirmed', async () => {
    const deleted = vi.fn(() => new Response(null, { status: 204 }))
    let left = SAMPLES
    await open('tab=samples', {
      [`GET ${API}/samples`]: () => Response.json(left),
      [`DELETE ${API}/samples/first`]: () => {
        left = SAMPLES.slice(1)
        return deleted()
      },
    })
    fireEvent.click(await screen.findByRole('button', { name: 'Delete sample' }))
    const dialog = within(screen.getByRole('dialog', { name: 'Delete sample' }))
    expect(dialog.getByRole('heading', { name: 'Delete “first”?' })).toBeVisible()
    expect(deleted).not.toHaveBeenCalled()
    fireEvent.click(dialog.getByRole('button', { name: 'Delete sample' }))
    await waitFor(() => expect(screen.queryByRole('button', { name: /^first/ })).toBeNull())
    expect(deleted).toHaveBeenCalledOnce()
  })
})

describe('the documentation of a source', () => {
  const SERVED = {
    'GET /api/v1/flows/after-sales': {
      name: 'after-sales',
      deployments: [{ environment: 'production', version: 1 }],
      versions: [],
      graph: { inputs: {} },
    },
    'GET /api/v1/flows/after-sales/versions/1': { number: 1, graph: { inputs: {} } },
  }

  it('is linked, and may be opened to anybody', async () => {
    const saved = vi.fn(async (request: Request) => {
      expect((await request.json()).config).toEqual({ ...SOURCE.config, docs: 'public' })
      return Response.json(SOURCE)
    })
    await open('tab=call', { ...SERVED, [`PUT ${API}`]: saved })
    const docs = within(await screen.findByRole('region', { name: 'Documentation' }))
    const page = `http://localhost/docs/sources/${SOURCE.id}`
    expect(await docs.findByRole('link', { name: 'Page' })).toHaveAttribute('href', `${page}?lang=en`)
    expect(docs.getByRole('link', { name: 'OpenAPI 3.1' })).toHaveAttribute('href', `${page}/openapi.json`)
    expect(docs.getByRole('button', { name: 'Members' })).toHaveAttribute('aria-pressed', 'true')
    fireEvent.click(docs.getByRole('button', { name: 'Anybody' }))
    await waitFor(() => expect(saved).toHaveBeenCalledOnce())
  })

  it('is said to begin with the first version that is deployed', async () => {
    await open('tab=call')
    const docs = within(await screen.findByRole('region', { name: 'Documentation' }))
    expect(await docs.findByText(/begins with the first version/)).toBeVisible()
    expect(docs.queryByRole('link')).toBeNull()
  })
})
