import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import '~/testing/page'
import { Tooltip } from 'radix-ui'
import { Toasts } from '../toast'
import { Json } from './Json'
import { expressionOf, rowsOf } from './rows'

const CLOSED = { toggled: new Set<string>(), shown: new Map<string, number>() }

describe('the lines of a value', () => {
  it('are open two levels down', () => {
    const rows = rowsOf({ a: { b: { c: { d: 1 } } } }, CLOSED)
    expect(rows.map(({ path, open }) => [path.join('.'), open])).toEqual([
      ['a', true],
      ['a.b', true],
      ['a.b.c', false],
    ])
  })

  it('of a long list come in parts', () => {
    const rows = rowsOf(
      Array.from({ length: 250 }, (_, place) => place),
      CLOSED,
    )
    expect(rows).toHaveLength(101)
    expect(rows.at(-1)?.more).toBe(150)
  })

  it('of a plain value are one', () => {
    expect(rowsOf('text', CLOSED)).toHaveLength(1)
    expect(rowsOf({}, CLOSED)).toHaveLength(0)
  })

  it('have an expression, as flows write it', () => {
    expect(expressionOf('nodes.answer', ['items', 0, 'a b'])).toBe('nodes.answer.items[0]["a b"]')
  })
})

describe('the tree', () => {
  it('is walked, opened and closed by keys', async () => {
    const user = userEvent.setup()
    render(<Json value={{ first: { inner: 1 }, second: 2 }} label="Output" />)
    const tree = screen.getByRole('tree', { name: 'Output' })
    const items = () => screen.getAllByRole('treeitem').map((item) => item.textContent?.replace(/[▾▸]/, ''))
    expect(tree).toBeInTheDocument()
    expect(items()).toEqual(['first: {', 'inner: 1', 'second: 2'])
    await user.tab()
    await user.keyboard('{ArrowLeft}')
    expect(items()).toEqual(['first: { 1 }', 'second: 2'])
    await user.keyboard('{ArrowRight}{ArrowDown}')
    expect(document.activeElement).toHaveTextContent('inner: 1')
    await user.keyboard('{ArrowLeft}')
    expect(document.activeElement).toHaveTextContent('first')
    await user.keyboard('{End}')
    expect(document.activeElement).toHaveTextContent('second: 2')
  })

  it('copies the expression for a line', async () => {
    const user = userEvent.setup()
    render(
      <>
        <Json value={{ text: 'Hello' }} label="Output" root="nodes.answer" />
        <Tooltip.Provider>
          <Toasts />
        </Tooltip.Provider>
      </>,
    )
    await user.tab()
    await user.keyboard('c')
    expect(await navigator.clipboard.readText()).toBe('{{ nodes.answer.text }}')
    expect(await screen.findByRole('status')).toHaveTextContent('Copied {{ nodes.answer.text }}')
  })
})
