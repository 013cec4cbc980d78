const UNITS = ['B', 'KiB', 'MiB', 'GiB']

/** A size in the unit in which it is a short number: `640 B`, `1.5 MiB`. */
export function bytes(size: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), UNITS.length - 1)
  const number = size / 1024 ** unit
  return `${unit === 0 || number >= 100 ? Math.round(number) : Number(number.toFixed(1))} ${UNITS[unit]}`
}
