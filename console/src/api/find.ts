import { queryOptions } from '@tanstack/react-query'
import { answered, api } from './client'

export const run = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: () => answered(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })),
  })

export const delivery = (id: string) =>
  queryOptions({
    queryKey: ['delivery', id],
    queryFn: () => answered(api.GET('/api/v1/deliveries/{id}', { params: { path: { id } } })),
  })
