import type { Schemas } from './client'

/** What the server said when it could not do what it was asked, or why it could not be asked. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** A stable code, such as `not_found`; `unreachable` when there was no answer. */
  readonly code: string
  readonly title: string
  /** What is wrong in a flow, for `flow_invalid`. */
  readonly problems: Schemas['FlowProblem'][]
  /** Which parts of what was sent are wrong, for `invalid`. */
  readonly errors: Schemas['BodyProblem'][]

  constructor(document: Partial<Schemas['ProblemDocument']>) {
    super(document.detail ?? '')
    this.status = document.status ?? 0
    this.code = document.code ?? 'unreachable'
    this.title = document.title ?? ''
    this.problems = document.problems ?? []
    this.errors = document.errors ?? []
  }
}

/** The problem in an answer that is none of the 2xx; a proxy's error page has only its status. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const document = typeof body === 'object' && body !== null ? body : {}
  return new ApiProblem({ code: 'unexpected', ...document, status })
}

/** Any failure as a problem. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  return new ApiProblem({
    status: 0,
    code: 'unreachable',
    detail: error instanceof Error ? error.message : '',
  })
}
