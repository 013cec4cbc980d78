import { useEffect, useRef, useState } from 'react'

/** How long a row counts as just arrived. */
const FRESH_MS = 2_000

const NONE: ReadonlySet<string> = new Set()

/** The rows that came while the list was on the screen; not those of its first drawing or of older pages. */
export function useArrivals(rows: readonly { id: string }[]): ReadonlySet<string> {
  const newest = useRef(rows[0]?.id)
  const [arrived, setArrived] = useState(NONE)
  const head = rows[0]?.id

  useEffect(() => {
    const before = newest.current
    newest.current = head
    if (head === before || before === undefined) return
    const known = rows.findIndex((row) => row.id === before)
    const news = known > 0 ? rows.slice(0, known) : []
    if (news.length === 0) return
    setArrived(new Set(news.map((row) => row.id)))
    const timer = setTimeout(() => setArrived(NONE), FRESH_MS)
    return () => clearTimeout(timer)
  }, [head, rows])

  return arrived
}
