import { expect, it } from 'vitest'
import type { FlowProblem } from '~/api/rehearsals'
import { byField, problemsOf } from './problems'

const problem = (node: string, field: string, reason: string): FlowProblem => ({
  node,
  field,
  code: 'x',
  reason,
})

it('tells each problem of a step once, where it is', () => {
  const title = problem('tell', 'body.lines[0].title', 'not closed')
  const body = problem('tell', 'body', 'too long')
  const all = [problem('tell', 'body', 'not closed'), body, title, problem('other', 'body', 'not closed')]
  expect(problemsOf(all, 'tell')).toEqual([body, title])
  expect([...byField(problemsOf(all, 'tell')).keys()]).toEqual(['body', 'body.lines[0].title'])
})
