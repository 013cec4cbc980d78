import { useQuery } from '@tanstack/react-query'
import { me } from '~/api/queries'

const EDITORS = ['owner', 'admin', 'editor']
const OPERATORS = [...EDITORS, 'operator']

/** Whether the person may change things; the server has the last word. */
export function useMayEdit(): boolean {
  return EDITORS.includes(useQuery(me()).data?.role ?? '')
}

/** Whether the person may see what senders send, and run things again. */
export function useMayOperate(): boolean {
  return OPERATORS.includes(useQuery(me()).data?.role ?? '')
}
