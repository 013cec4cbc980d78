import { describe, expect, it } from 'vitest'
import { checked } from './checked'

describe('JSON that a person writes', () => {
  it('is read', () => {
    expect(checked('{"a": [1]}')).toEqual({ value: { a: [1] } })
    expect(checked('null')).toEqual({ value: null })
  })

  it('says where it is wrong', () => {
    expect(checked('{\n  "a": 1,\n  b\n}')).toMatchObject({ wrong: true, line: 3, column: 3 })
    expect(checked('{\n  "a":')).toMatchObject({ wrong: true, line: 2 })
  })
})
