import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answers, openAt, problem } from '~/testing/page'

const SOURCE = 'src_01h455vb4pex5vsknk084sn02q'
const JOB = 'job_01h455vb4pex5vsknk084sn02q'
const ORDER = 'POST /api/v1/environments/production/events/replay'

const job = (more: object = {}) => ({
  id: JOB,
  kind: 'replay',
  status: 'running',
  progress: { done: 1, total: 3, failed: 0 },
  version: 'deployed',
  filter: { source: SOURCE, from: '2026-03-01T09:00:00.000Z', to: '2026-03-01T10:00:00.000Z' },
  matching: 3,
  by: 'Ann',
  created_at: '2026-03-01T10:00:00.000Z',
  updated_at: '2026-03-01T10:00:00.000Z',
  ...more,
})

/** Answers to orders; notes what was asked for. */
function orders(matching = 3) {
  const asked: { filter: Record<string, string>; version?: string; dry_run?: boolean }[] = []
  const answer = async (request: Request) => {
    const body = await request.json()
    asked.push(body)
    return Response.json(body.dry_run ? { matching } : { matching, job_id: JOB })
  }
  return { asked, answers: { [ORDER]: answer } as Answers }
}

const LISTED: Answers = { 'GET /api/v1/environments/production/events': { items: [] } }

/** jsdom knows no dialogs. */
function teachDialogs() {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close() {
    this.open = false
  }
}

async function openForm(answers: Answers, path = '/events') {
  teachDialogs()
  const user = userEvent.setup()
  const page = await openAt(path, { ...LISTED, ...answers })
  await user.click(await screen.findByRole('button', { name: 'Replay…' }))
  return { user, ...page, form: await screen.findByRole('dialog', { name: 'Replay many events' }) }
}

afterEach(() => vi.unstubAllGlobals())

describe('the form of a bulk replay', () => {
  it('counts what the list is narrowed to, and replays just that', async () => {
    const { asked, answers } = orders()
    const detail = { ...job(), environment: 'production', failures: [], newest: [] }
    const lists = {
      'GET /api/v1/environments/production/jobs': { items: [job()] },
      [`GET /api/v1/jobs/${JOB}`]: job(),
      [`GET /api/v1/replays/${JOB}`]: detail,
    }
    const { user, form, router } = await openForm({ ...answers, ...lists }, `/events?source=${SOURCE}`)
    expect(await within(form).findByText(/3 events fit/)).toBeVisible()
    expect(form).toHaveTextContent('A replay bypasses dedupe')
    expect(form).toHaveTextContent('Its steps act for real')
    await user.selectOptions(within(form).getByLabelText('Original run'), 'failed')
    await user.click(within(form).getByRole('radio', { name: /^The draft/ }))
    expect(form).not.toHaveTextContent('Its steps act for real')
    await user.click(await within(form).findByRole('button', { name: 'Replay 3 events' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/jobs/${JOB}`))
    const [counted, ordered] = asked.slice(-2).map((body) => body.filter)
    expect(asked.at(-1)?.version).toBe('draft')
    expect(ordered).toEqual(counted)
    expect(ordered).toMatchObject({ source: SOURCE, status: 'failed' })
    expect(Date.parse(ordered?.to ?? '') - Date.parse(ordered?.from ?? '')).toBe(86_400_000)
  })

  it('offers the draft only where there is one flow', async () => {
    const { user, form } = await openForm(orders().answers)
    const draft = within(form).getByRole('radio', { name: /^The draft/ })
    expect(draft).toBeDisabled()
    await user.selectOptions(within(form).getByLabelText('Flow'), 'after-sales')
    expect(draft).toBeEnabled()
  })

  it('begins nothing where no event fits, and says what is wrong with the filter', async () => {
    const { form } = await openForm(orders(0).answers)
    expect(await within(form).findByText('No event fits.')).toBeVisible()
    expect(within(form).getByRole('button', { name: 'Replay' })).toBeDisabled()
  })

  it('says what the server does not take', async () => {
    const { form } = await openForm({ [ORDER]: problem(422, 'invalid', 'More than 1,000,000 events came.') })
    expect(await within(form).findByRole('alert')).toHaveTextContent('More than 1,000,000 events came.')
  })

  it('is not there for those who only look on', async () => {
    await openAt('/events', { ...LISTED, 'GET /api/v1/me': { name: 'Bo', role: 'viewer', version: '0.1.0' } })
    expect(await screen.findByText('Bulk jobs')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Replay…' })).toBeNull()
  })
})
