import { useQuery } from '@tanstack/react-query'
import { me } from '~/api/queries'

const EDITORS = ['owner', 'admin', 'editor']

/** Whether the person may change things; the server has the last word. */
export function useMayEdit(): boolean {
  return EDITORS.includes(useQuery(me()).data?.role ?? '')
}
