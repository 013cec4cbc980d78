import { fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useKeys } from './keys'

function Page({ go }: { go: () => void }) {
  const [pressed, setPressed] = useState(0)
  useKeys({ 'g e': go, g: () => setPressed((before) => before + 1) })
  return (
    <>
      <output>{pressed}</output>
      <input aria-label="text" />
    </>
  )
}

describe('keys', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('come in pairs, even when the page is drawn between the two', () => {
    const go = vi.fn()
    render(<Page go={go} />)
    fireEvent.keyDown(document.body, { key: 'g' })
    expect(screen.getByRole('status')).toHaveTextContent('1')
    fireEvent.keyDown(document.body, { key: 'e' })
    expect(go).toHaveBeenCalledOnce()
  })

  it('are no pair when the second comes late', () => {
    const go = vi.fn()
    render(<Page go={go} />)
    fireEvent.keyDown(document.body, { key: 'g' })
    vi.setSystemTime(Date.now() + 1_001)
    fireEvent.keyDown(document.body, { key: 'e' })
    expect(go).not.toHaveBeenCalled()
  })

  it('are letters while somebody writes, and leave shortcuts to the browser', () => {
    const go = vi.fn()
    render(<Page go={go} />)
    const input = screen.getByLabelText('text')
    fireEvent.keyDown(input, { key: 'g' })
    fireEvent.keyDown(input, { key: 'e' })
    fireEvent.keyDown(document.body, { key: 'g', ctrlKey: true })
    expect(go).not.toHaveBeenCalled()
    expect(screen.getByRole('status')).toHaveTextContent('0')
  })
})
