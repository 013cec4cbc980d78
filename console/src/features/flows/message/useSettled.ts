import { useEffect, useState } from 'react'

/** A value once it has rested for so many milliseconds; while it is held, the one before. */
export function useSettled<Value>(value: Value, rest: number, held: boolean): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => setSettled(value), rest)
    return () => clearTimeout(timer)
  }, [value, rest, held])
  return settled
}
