import { useQuery } from '@tanstack/react-query'
import { me } from '~/api/queries'

const OPERATORS = ['owner', 'admin', 'editor', 'operator']

/** Whether the person may run things again; the server has the last word. */
export function useMayOperate(): boolean {
  return OPERATORS.includes(useQuery(me()).data?.role ?? '')
}
