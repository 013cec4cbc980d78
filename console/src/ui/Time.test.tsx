import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import '~/testing/page'
import { Ago } from './Time'

const past = (ms: number) => new Date(Date.now() - ms).toISOString()

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('how long ago something was', () => {
  it('is counted to the second', () => {
    render(<Ago at={past(2_000)} />)
    expect(screen.getByRole('time')).toHaveTextContent('2s ago')
    act(() => vi.advanceTimersByTime(3_000))
    expect(screen.getByRole('time')).toHaveTextContent('5s ago')
  })

  it('never lies ahead, though the clock of the page may be behind', () => {
    render(<Ago at={past(-60_000)} />)
    expect(screen.getByRole('time')).toHaveTextContent('now')
  })

  it('is right from the first, though nobody looked for a while', () => {
    const at = past(1_000)
    render(<Ago at={at} />).unmount()
    vi.advanceTimersByTime(30_000)
    render(<Ago at={at} />)
    expect(screen.getByRole('time')).toHaveTextContent('31s ago')
  })
})
