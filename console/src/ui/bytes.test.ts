import { expect, it } from 'vitest'
import { bytes } from './bytes'

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [150_000, '146 KiB'],
  [1 << 20, '1 MiB'],
  [64 << 20, '64 MiB'],
  [5 * 1024 ** 4, '5120 GiB'],
])('%d bytes are %s', (size, said) => {
  expect(bytes(size)).toBe(said)
})
