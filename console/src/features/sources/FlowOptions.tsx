import { useQuery } from '@tanstack/react-query'
import { flows } from '~/api/queries'

/** The flows that a source may start, and the one that it starts now. */
export function FlowOptions({ chosen }: { chosen: string }) {
  const known = useQuery(flows()).data?.map(({ name }) => name) ?? []
  const all = known.includes(chosen) || chosen === '' ? known : [chosen, ...known]
  return all.map((name) => (
    <option key={name} value={name}>
      {name}
    </option>
  ))
}
