import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { Tooltip } from 'radix-ui'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DRAFT, flowOf, MESSAGE_ANSWERS, RUN } from '~/testing/message'
import { type Answers, openAt, problem } from '~/testing/page'
import { dialogs } from '~/testing/source'
import { Toasts } from '~/ui/toast'

const FLOW = '/api/v1/flows/after-sales'
const STEP = `${FLOW}/nodes/tell`

/** The message's page before a server that keeps the draft, and what it was asked. */
async function open(answers: Answers = {}) {
  const server = {
    draft: DRAFT,
    revision: 1,
    saved: [] as unknown[],
    previewed: [] as Record<string, unknown>[],
  }
  const view = await openAt('/flows/after-sales/nodes/tell/message', {
    ...MESSAGE_ANSWERS,
    [`GET ${FLOW}`]: () => Response.json(flowOf(server.draft, server.revision)),
    [`PUT ${FLOW}`]: async (request: Request) => {
      const body = (await request.json()) as { definition: string; revision: number }
      server.saved.push(body)
      if (body.revision !== server.revision) return problem(409, 'conflict', 'Another revision.')()
      server.draft = body.definition
      return Response.json({ revision: ++server.revision, valid: true, problems: [] })
    },
    [`POST ${STEP}/preview`]: async (request: Request) => {
      server.previewed.push((await request.json()) as Record<string, unknown>)
      return Response.json(MESSAGE_ANSWERS[`POST ${STEP}/preview`])
    },
    ...answers,
  })
  render(
    <Tooltip.Provider>
      <Toasts />
    </Tooltip.Provider>,
  )
  await screen.findByRole('heading', { name: /Message of tell/ })
  return { ...view, server, user: userEvent.setup() }
}

/** jsdom lays nothing out, so nothing in it changes its size. */
class NoSizes {
  observe() {}
  unobserve() {}
  disconnect() {}
}

beforeEach(() => {
  dialogs()
  vi.stubGlobal('ResizeObserver', NoSizes)
})
afterEach(() => vi.unstubAllGlobals())

describe('the message of a step', () => {
  it('is shown with the last run, and previewed as it is written', async () => {
    const { server, user } = await open()
    await screen.findByText('text, type kept')
    expect(server.previewed.at(-1)).toEqual({ definition: DRAFT, run: RUN.id })
    const count = screen.getByRole('textbox', { name: 'count' })
    await user.clear(count)
    await user.type(count, '4.5')
    const changed = DRAFT.replace('count: 3', 'count: 4.5')
    await waitFor(() => expect(server.previewed.at(-1)).toEqual({ definition: changed, run: RUN.id }))
  })

  it('takes a variable for a field, and saves it where it stands', async () => {
    const { server, user } = await open()
    await user.click(await screen.findByRole('button', { name: 'count: Number' }))
    await user.click(await screen.findByRole('menuitem', { name: /Variable/ }))
    const picker = await screen.findByRole('dialog', { name: 'Choose a variable' })
    await user.type(within(picker).getByRole('combobox'), 'amount{Enter}')
    await screen.findByRole('button', { name: 'count: input.amount, choose another variable' })
    await user.click(screen.getByRole('button', { name: 'Save draft' }))
    const definition = DRAFT.replace('count: 3', 'count: "{{ input.amount }}"')
    await waitFor(() => expect(server.saved).toEqual([{ definition, revision: 1 }]))
    await screen.findByText(/Saved as revision 2/)
    expect(screen.getByRole('button', { name: 'Save draft' })).toBeDisabled()
  })

  it('adds, names and removes fields, and refuses a name that is taken', async () => {
    const { server, user } = await open()
    await user.click(await screen.findByRole('button', { name: 'Add field: Message' }))
    const name = await screen.findByRole('textbox', { name: 'Name of field_3' })
    expect(name).toHaveFocus()
    await user.clear(name)
    await user.type(name, 'title{Enter}')
    await screen.findByText('There is a field of this name.')
    await user.clear(name)
    await user.type(name, '备注{Enter}')
    await user.type(await screen.findByRole('textbox', { name: '备注' }), 'a: b')
    await user.click(screen.getByRole('button', { name: 'More on count' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Remove' }))
    await user.click(await screen.findByRole('button', { name: 'Put it back' }))
    expect(await screen.findByRole('textbox', { name: 'count' })).toHaveValue('3')
    await user.click(screen.getByRole('button', { name: 'More on count' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Remove' }))
    await user.click(screen.getByRole('button', { name: 'Save draft' }))
    const definition = DRAFT.replace('      count: 3\n', '      备注: "a: b"\n')
    await waitFor(() => expect(server.saved).toEqual([{ definition, revision: 1 }]))
  })

  it('says what is wrong at its field', async () => {
    await open({
      [`POST ${STEP}/preview`]: {
        message: null,
        requests: [],
        reason: null,
        problems: [
          {
            node: 'tell',
            field: 'body.title',
            code: 'ambiguous_ai_output',
            reason: 'two models could be meant',
            suggestion: 'Name one.',
          },
        ],
      },
    })
    const title = await screen.findByRole('button', { name: /^title: input.query/ })
    await waitFor(() => expect(title).toHaveAccessibleDescription('Two models could be meant Name one.'))
    expect(screen.getByRole('button', { name: 'Send a test' })).toBeDisabled()
  })
})

describe('a draft that somebody else has saved', () => {
  /** Changes the count here, after somebody else has changed the title there; then saves. */
  async function clash() {
    const page = await open()
    const { server, user } = page
    const count = await screen.findByRole('textbox', { name: 'count' })
    server.draft = DRAFT.replace('# short', '# theirs').replace('input.query', 'input.other')
    server.revision = 2
    await user.clear(count)
    await user.type(count, '7')
    await user.click(screen.getByRole('button', { name: 'Save draft' }))
    await screen.findByText(/They changed tell\./)
    return page
  }

  it('takes this change into theirs', async () => {
    const { server, user } = await clash()
    const both = server.draft.replace('count: 3', 'count: 7')
    await user.click(screen.getByRole('button', { name: 'Put mine into theirs' }))
    await screen.findByRole('button', { name: /^title: input.other/ })
    await user.click(screen.getByRole('button', { name: 'Save draft' }))
    await waitFor(() => expect(server.saved.at(-1)).toEqual({ definition: both, revision: 2 }))
  })

  it('is taken, with the way back to what was typed', async () => {
    const { user } = await clash()
    await user.click(screen.getByRole('button', { name: 'Take theirs' }))
    expect(await screen.findByRole('textbox', { name: 'count' })).toHaveValue('3')
    await user.click(screen.getByRole('button', { name: 'Bring mine back' }))
    expect(await screen.findByRole('textbox', { name: 'count' })).toHaveValue('7')
  })

  it('is overwritten when one says so', async () => {
    const { server, user } = await clash()
    await user.click(screen.getByRole('button', { name: 'Overwrite with mine' }))
    const definition = DRAFT.replace('count: 3', 'count: 7')
    await waitFor(() => expect(server.saved.at(-1)).toEqual({ definition, revision: 2 }))
    await waitFor(() => expect(screen.queryByText(/They changed/)).not.toBeInTheDocument())
  })
})
