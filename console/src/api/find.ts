import { queryOptions } from '@tanstack/react-query'
import { successor } from './ids'
import { ApiProblem } from './problem'
import { type DeliveryRow, deliveryPage, type Page, type RunRow, runPage } from './queries'

/*
 * The API has lists of runs and deliveries, but no single one by its id. Lists go by id from the newest
 * back, so the first item older than an id's successor is the one with that id, if there is such a one.
 */

export const run = (environment: string, id: string) =>
  queryOptions({
    queryKey: ['run', environment, id],
    queryFn: async (): Promise<RunRow> => only(await runPage(environment, {}, successor(id), 1), id),
  })

export const delivery = (environment: string, id: string) =>
  queryOptions({
    queryKey: ['delivery', environment, id],
    queryFn: async (): Promise<DeliveryRow> =>
      only(await deliveryPage(environment, false, successor(id), 1), id),
  })

function only<Row extends { id: string }>(page: Page<Row>, id: string): Row {
  const found = page.items.find((row) => row.id === id)
  if (!found) throw new ApiProblem({ status: 404, code: 'not_found', title: 'Not found', detail: '' })
  return found
}
