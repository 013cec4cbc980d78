import createClient from 'openapi-fetch'
import type { components, paths } from './generated/v1'
import { asProblem, problemOf } from './problem'

export type Schemas = components['schemas']

/** The API by its paths; the session is in a cookie that scripts cannot read. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: 'same-origin',
  fetch: (request) => globalThis.fetch(request),
})

interface Answer<T> {
  data?: T | undefined
  error?: unknown
  response: Response
}

/** The data of an answer; throws an `ApiProblem` when there is none. */
export async function answered<T>(asked: Promise<Answer<T>>): Promise<T> {
  const answer = await asked.catch((error: unknown) => {
    throw asProblem(error)
  })
  if (!answer.response.ok) throw problemOf(answer.response.status, answer.error)
  return answer.data as T
}
