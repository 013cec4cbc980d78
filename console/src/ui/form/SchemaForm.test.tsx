import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { Tooltip } from 'radix-ui'
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import '~/testing/page'
import { SOURCE_SCHEMA } from '~/testing/sourceSchema'
import type { FieldError } from './errors'
import { SchemaFields, SchemaForm } from './SchemaForm'

/** A form over a value; gives what the value is now. */
function formOf(value: unknown, errors: FieldError[] = [], schema = SOURCE_SCHEMA.config) {
  const now = { value }
  function Page() {
    const [shown, setShown] = useState(value)
    now.value = shown
    return (
      <SchemaForm
        schema={schema}
        value={shown}
        onChange={setShown}
        errors={errors}
        generate={() => () => 'made-by-this-side'}
        words={(key) => (key === 'path' ? { label: 'Path', help: 'As `orders/{id}`.' } : undefined)}
      >
        <SchemaFields />
      </SchemaForm>
    )
  }
  render(
    <Tooltip.Provider>
      <Page />
    </Tooltip.Provider>,
  )
  return now
}

const group = (name: string) => screen.getByRole('group', { name })

describe('a form that is made from a schema', () => {
  it('speaks by its words, else by the schema', () => {
    formOf({})
    expect(screen.getByLabelText('Path')).toHaveAccessibleDescription('As orders/{id}.')
    expect(screen.getByLabelText('Redact')).toHaveAccessibleDescription('Headers that are not recorded.')
  })

  it('offers the forms of a tagged object, and asks for what the chosen one needs', async () => {
    const user = userEvent.setup()
    const now = formOf({})
    await user.click(screen.getByRole('radio', { name: /^Hmac/ }))
    await user.type(screen.getByLabelText('Header*', { exact: false }), 'x-signature')
    expect(now.value).toEqual({ verification: { scheme: 'hmac', header: 'x-signature' } })
    await user.click(screen.getByRole('radio', { name: /^None/ }))
    expect(now.value).toEqual({ verification: { scheme: 'none' } })
  })

  it('takes an emptied text for null where that is the only way to say none', async () => {
    const user = userEvent.setup()
    const now = formOf({ verification: { scheme: 'token' }, path: 'x' })
    const header = screen.getByLabelText('Header')
    expect(header).toHaveValue('x-webhook-token')
    await user.clear(header)
    await user.clear(screen.getByLabelText('Path'))
    expect(now.value).toEqual({ verification: { scheme: 'token', header: null } })
  })

  it('writes numbers with units as the server reads them', async () => {
    const user = userEvent.setup()
    const now = formOf({})
    await user.click(screen.getByText('Limits'))
    const body = screen.getByLabelText('Body')
    await user.clear(body)
    expect(body).toHaveAttribute('placeholder', '1')
    await user.type(body, '512')
    const units = body.parentElement as HTMLElement
    await user.selectOptions(within(units).getByLabelText('Unit'), 'KiB')
    expect(now.value).toEqual({ limits: { body: '512KiB' } })
    await user.clear(body)
    expect(now.value).toEqual({ limits: {} })
  })

  it('lets what may be null be switched off and on', async () => {
    const user = userEvent.setup()
    const now = formOf({})
    await user.click(screen.getByText('Dedupe'))
    const box = within(screen.getByText('Dedupe').closest('details') as HTMLElement).getByLabelText('In use')
    expect(box).toBeChecked()
    await user.click(box)
    expect(now.value).toEqual({ dedupe: null })
    await user.click(box)
    expect(now.value).toEqual({ dedupe: { window: '1d' } })
  })

  it('offers several of a few, and lines', async () => {
    const user = userEvent.setup()
    const now = formOf({})
    await user.click(within(group('Methods')).getByLabelText('GET'))
    await user.type(screen.getByLabelText('Redact'), 'x-a{Enter}x-b{Enter}')
    await user.tab()
    expect(now.value).toEqual({ methods: ['GET', 'POST'], redact: ['x-a', 'x-b'] })
  })

  it('puts what is wrong at its field, and unfolds what it is in', () => {
    const reason = '9GiB is not a size from 1B to 64MiB.'
    formOf({}, [{ field: 'limits.body', code: 'out_of_range', reason, suggestion: 'Choose `1MiB`.' }])
    const body = screen.getByLabelText('Body')
    expect(body).toBeInvalid()
    expect(body).toHaveAccessibleDescription(`${reason} Choose 1MiB.`)
    expect(body.closest('details')).toHaveAttribute('open')
  })

  it('lets things be added to a list, changed and removed', async () => {
    const user = userEvent.setup()
    const rate = { type: 'object', properties: { per: { type: 'integer' } } }
    const schema = { type: 'object', properties: { rates: { type: 'array', items: rate } } }
    const now = formOf({ rates: [{ per: 1 }, { per: 2 }] }, [], schema)
    await user.click(screen.getByText('Rates'))
    await user.click(screen.getByRole('button', { name: 'Add' }))
    const last = screen.getAllByLabelText('Per')[2] as HTMLElement
    await user.type(last, '3')
    expect(now.value).toEqual({ rates: [{ per: 1 }, { per: 2 }, { per: 3 }] })
    await user.click(screen.getAllByRole('button', { name: 'Remove' })[1] as HTMLElement)
    expect(now.value).toEqual({ rates: [{ per: 1 }, { per: 3 }] })
  })

  it('lets values be named, and renamed in their place', async () => {
    const user = userEvent.setup()
    const texts = { type: 'object', additionalProperties: { type: 'string' } }
    const now = formOf({ claims: { iss: 'a', aud: 'b' } }, [], {
      type: 'object',
      properties: { claims: texts },
    })
    await user.click(screen.getByText('Claims'))
    const [first] = screen.getAllByLabelText('Name')
    await user.clear(first as HTMLElement)
    await user.type(first as HTMLElement, 'sub')
    await user.click(screen.getByRole('button', { name: 'Add' }))
    expect(Object.entries((now.value as { claims: object }).claims)).toEqual([
      ['sub', 'a'],
      ['aud', 'b'],
      ['name_3', ''],
    ])
    await user.click(screen.getAllByRole('button', { name: 'Remove' })[1] as HTMLElement)
    expect(now.value).toEqual({ claims: { sub: 'a', name_3: '' } })
  })

  it('makes a secret, shows it, and lets another stand beside it', async () => {
    const user = userEvent.setup()
    const schema = {
      type: 'object',
      properties: { keys: { type: 'array', items: { type: 'string' }, writeOnly: true } },
    }
    const now = formOf({}, [], schema)
    const first = screen.getByLabelText('Keys')
    expect(first).toHaveAttribute('type', 'password')
    await user.click(screen.getByRole('button', { name: 'Generate' }))
    expect(now.value).toEqual({ keys: ['made-by-this-side'] })
    expect(first).toHaveAttribute('type', 'text')
    await user.click(screen.getByRole('button', { name: 'Add another' }))
    expect(now.value).toEqual({ keys: ['made-by-this-side', ''] })
  })
})
