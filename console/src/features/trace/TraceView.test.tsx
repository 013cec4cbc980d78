import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RunTrace, Trace } from '~/api/queries'
import { runTrace, step, timeAfter, trace } from '~/testing/fixtures'
import { openAt } from '~/testing/page'

const EVENT = trace().id
const TRACE = `GET /api/v1/events/${EVENT}`
const LIST = 'GET /api/v1/environments/production/events'

const open = (shown: ReturnType<typeof trace>, search = '') =>
  openAt(`/events/${EVENT}${search}`, { [TRACE]: shown, [LIST]: { items: [] } })

const waterfall = () => screen.findByRole('listbox', { name: /^Thread/ })
const inspector = () => screen.getByRole('region', { name: 'What went in and what came out' })

afterEach(() => vi.unstubAllGlobals())

describe('a trace', () => {
  it('shows the whole thread, and first the run with what it made', async () => {
    await open(trace())
    const options = within(await waterfall()).getAllByRole('option')
    expect(options.map((option) => option.getAttribute('data-key'))).toEqual([
      'request',
      'run',
      'step.answer',
      'step.ticket',
      'delivery.msg_1',
      'attempt.msg_1.1',
      'attempt.msg_1.2',
    ])
    expect(screen.getByRole('option', { selected: true })).toHaveAttribute('data-key', 'run')
    expect(inspector()).toHaveTextContent('answer: Switch it off.')
  })

  it('that no request began says what did', async () => {
    const planned: unknown = { local: '2026-03-01T18:00:00+08:00', missed: true }
    const tick = planned as Trace['tick']
    const first = await open(trace({ kind: 'schedule', request: null, tick }), '?at=request')
    await waterfall()
    expect(inspector()).toHaveTextContent(/The planned time.*2026-03-01T18:00:00\+08:00.*missed: true/)
    first.unmount()
    await open(trace({ kind: 'api', source: null, request: null, caller: 'key ci' }), '?at=request')
    await waterfall()
    expect(inspector()).toHaveTextContent('Started by the API: key ci.')
  })

  it('of an alert says what befell which destination', async () => {
    const alert: unknown = {
      alert: 'dead_letter',
      destination: 'erp',
      destination_id: 'dest_01h455vb4pex5vsknk084sn02q',
      at: '2026-03-01T09:00:00Z',
      reason: 'the receiver answered 503',
      code: '503',
      waiting: 4,
      dead_letters: 7,
    }
    const befell = { kind: 'alert', request: null, alert: alert as Trace['alert'] }
    await open(trace(befell), '?at=request')
    await waterfall()
    const panel = within(inspector()).getByRole('region', { name: 'What befell the destination' })
    expect(panel).toHaveTextContent('A destination has dead letters')
    expect(panel).toHaveTextContent('the receiver answered 503')
    expect(panel).toHaveTextContent('Waiting4')
    expect(within(panel).getByRole('link', { name: 'erp' })).toHaveAttribute(
      'href',
      '/destinations/dest_01h455vb4pex5vsknk084sn02q',
    )
    expect(within(panel).getByRole('link', { name: '7' })).toHaveAttribute(
      'href',
      expect.stringContaining('state=dead'),
    )
  })

  it('is walked along with the arrows, and the address follows', async () => {
    const user = userEvent.setup()
    const { router } = await open(trace())
    within(await waterfall())
      .getByRole('option', { selected: true })
      .focus()
    await user.keyboard('{ArrowDown}')
    await waitFor(() => expect(router.state.location.search).toMatchObject({ at: 'step.answer' }))
    await user.keyboard('{End}')
    await waitFor(() => expect(inspector()).toHaveTextContent('Delivered'))
    expect(document.activeElement).toHaveAttribute('data-key', 'attempt.msg_1.2')
  })

  it('gives the files that came with the request', async () => {
    const file = { name: '简历.pdf', media_type: 'application/pdf', size: 1536, sha256: 'ab'.repeat(32) }
    const parts = [
      { name: 'query', text: 'E3' },
      { name: 'cv', file },
    ]
    const request = { method: 'POST', headers: {}, body: { parts } } as never
    await open(trace({ request, files: [file] }), '?at=request')
    await waterfall()
    const link = within(inspector()).getByRole('link', { name: file.name })
    expect(link).toHaveAttribute('href', `/api/v1/events/${EVENT}/files/${file.sha256}`)
    expect(link.parentElement).toHaveTextContent('application/pdf · 1.5 KiB')
    expect(inspector()).toHaveTextContent('queryE3')
  })

  it('gives the files of a run that the API started', async () => {
    const file = { name: 'cv.pdf', media_type: 'application/pdf', size: 9, sha256: 'cd'.repeat(32) }
    await open(trace({ request: null, kind: 'api', caller: 'key ci', files: [file] }), '?at=request')
    await waterfall()
    const link = within(inspector()).getByRole('link', { name: 'cv.pdf' })
    expect(link).toHaveAttribute('href', `/api/v1/events/${EVENT}/files/${file.sha256}`)
  })

  it('shows a replay of the draft as one, and where it ran', async () => {
    const draft = runTrace({ id: 'run_2', cause: 'replay', version: 0, environment: 'test' })
    await open(trace({ runs: [runTrace(), draft] }), '?run=run_2')
    await waterfall()
    const article = screen.getByRole('article', { name: 'Trace' })
    expect(article).toHaveTextContent('Draft')
    expect(article).toHaveTextContent('ran in Test')
    expect(article).not.toHaveTextContent('v0')
  })

  it('begins at the step that failed', async () => {
    const error = { step: 'ticket', code: 'template_failed', message: 'cannot divide by zero' }
    const tries = [{ attempt: 1, ended_at: timeAfter(3), took_us: 40, error }]
    const steps = [step('answer', 2, 900), step('ticket', 3, 40, { state: 'failed', tries: tries as never })]
    await open(
      trace({ runs: [runTrace({ status: 'failed', error, steps, deliveries: [] } as unknown as RunTrace)] }),
    )
    expect(await screen.findByRole('option', { selected: true })).toHaveAttribute('data-key', 'step.ticket')
    expect(inspector()).toHaveTextContent('cannot divide by zero')
  })

  it('changes between the runs of an event', async () => {
    const user = userEvent.setup()
    const replay = runTrace({
      id: 'run_2',
      cause: 'replay',
      status: 'failed',
      created_at: timeAfter(9_000),
      finished_at: timeAfter(9_004),
    })
    const { router } = await open(trace({ runs: [runTrace(), replay] }))
    await user.click(await screen.findByRole('button', { name: /Replay 1/ }))
    await waitFor(() => expect(router.state.location.search).toMatchObject({ run: 'run_2' }))
    expect(screen.getByRole('button', { name: /Replay 1/ })).toHaveAttribute('aria-pressed', 'true')
  })

  it('is replayed on the version that the person chooses', async () => {
    const user = userEvent.setup()
    const replayed = vi.fn(async (request: Request) => {
      expect(await request.json()).toEqual({ version: 'deployed' })
      return Response.json({ run_id: 'run_2' }, { status: 201 })
    })
    const { router } = await openAt(`/events/${EVENT}`, {
      [TRACE]: trace(),
      [LIST]: { items: [] },
      [`POST /api/v1/events/${EVENT}/replay`]: replayed,
    })
    await user.click(await screen.findByRole('button', { name: 'Replay' }))
    await user.click(await screen.findByRole('menuitem', { name: 'On the version that is deployed now' }))
    await waitFor(() => expect(replayed).toHaveBeenCalledOnce())
    await waitFor(() => expect(router.state.location.search).toMatchObject({ run: 'run_2' }))
  })

  it('shows the environment that the event belongs to', async () => {
    const { router } = await open(trace({ environment: 'test' }))
    await waitFor(() => expect(router.state.location.search).toMatchObject({ env: 'test' }))
  })

  it('goes back to the list on Esc', async () => {
    const user = userEvent.setup()
    const { router } = await open(trace(), '?env=test')
    await waterfall()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(router.state.location.pathname).toBe('/events'))
  })
})
