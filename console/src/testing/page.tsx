import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router'
import { render } from '@testing-library/react'
import i18next from 'i18next'
import { Tooltip } from 'radix-ui'
import { initReactI18next } from 'react-i18next'
import { vi } from 'vitest'
import en from '~/app/i18n/en'
import { makeRouter } from '~/app/router'

await i18next.use(initReactI18next).init({
  lng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
})

/** Answers of the API by `METHOD /path`; what is not listed is answered with 404. */
export type Answers = Record<string, unknown | ((request: Request) => Promise<Response> | Response)>

/** A problem document as the API gives it. */
export function problem(status: number, code: string, detail: string): () => Response {
  return () => Response.json({ type: `/errors/${code}`, title: code, status, code, detail }, { status })
}

const NAMES: Answers = {
  'GET /api/v1/me': { name: 'Ann', role: 'owner', version: '0.1.0' },
  'GET /api/v1/environments': [
    { id: 'env_1', name: 'production' },
    { id: 'env_2', name: 'test' },
  ],
  'GET /api/v1/flows': [
    {
      id: 'flow_01h455vb4pex5vsknk084sn02q',
      name: 'after-sales',
      updated_at: '2026-03-01T09:00:00.000Z',
      deployments: [],
    },
  ],
  'GET /api/v1/environments/production/sources': [
    {
      id: 'src_01h455vb4pex5vsknk084sn02q',
      name: 'shop-chat',
      environment: 'production',
      flow: 'flow_01h455vb4pex5vsknk084sn02q',
      kind: 'webhook',
      url: 'http://localhost/hooks/src_1',
      config: { verification: { scheme: 'token' } },
      enabled: true,
      updated_at: '2026-03-01T09:00:00.000Z',
      usage: { requests_24h: 12, requests_30d: 10_000, last_at: '2026-03-01T09:00:00.000Z' },
    },
  ],
  'GET /api/v1/environments/production/destinations': [],
}

/** The whole console at an address, before an API that gives these answers. */
export async function openAt(path: string, answers: Answers = {}) {
  const known: Answers = { ...NAMES, ...answers }
  const asked = vi.fn(async (request: Request) => {
    const { pathname } = new URL(request.url)
    const answer = known[`${request.method} ${pathname}`]
    if (answer === undefined) return problem(404, 'not_found', `Nothing at ${pathname}.`)()
    return typeof answer === 'function'
      ? (answer as (r: Request) => Response)(request)
      : Response.json(answer)
  })
  vi.stubGlobal('fetch', asked)
  vi.stubGlobal('EventSource', SilentSource)
  vi.stubGlobal('scrollTo', () => undefined)
  // jsdom lays nothing out, so there is nowhere to scroll to.
  Element.prototype.scrollIntoView = () => undefined
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const router = makeRouter(client, createMemoryHistory({ initialEntries: [path] }))
  await router.load()
  const view = render(
    <QueryClientProvider client={client}>
      <Tooltip.Provider>
        <RouterProvider router={router} />
      </Tooltip.Provider>
    </QueryClientProvider>,
  )
  return { ...view, router, client, asked }
}

/** A live connection over which nothing ever comes. */
class SilentSource {
  onopen: (() => void) | undefined
  onerror: (() => void) | undefined
  addEventListener() {}
  close() {}
}
