import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Tooltip } from 'radix-ui'
import { StrictMode, useState } from 'react'
import { ApiProblem } from '~/api/problem'
import { Toasts } from '~/ui/toast'
import { makeRouter } from './router'

/** A request that failed by the server's fault is tried again; what the server refused is not. */
const RETRIES = 2

function makeClient(onLoggedOut: () => void) {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const loggedOut = error instanceof ApiProblem && error.status === 401
        if (loggedOut && query.queryKey[0] !== 'me') onLoggedOut()
      },
    }),
    defaultOptions: {
      queries: {
        retry: (failures, error) =>
          failures < RETRIES && error instanceof ApiProblem && (error.status === 0 || error.status >= 500),
        refetchOnWindowFocus: true,
      },
    },
  })
}

export function App() {
  const [{ client, router }] = useState(() => {
    const client: QueryClient = makeClient(() => {
      client.removeQueries({ queryKey: ['me'] })
      void router.invalidate()
    })
    const router = makeRouter(client)
    return { client, router }
  })
  return (
    <StrictMode>
      <QueryClientProvider client={client}>
        <Tooltip.Provider delayDuration={400}>
          <RouterProvider router={router} />
          <Toasts />
        </Tooltip.Provider>
      </QueryClientProvider>
    </StrictMode>
  )
}
