import { describe, expect, it } from 'vitest'
import { asMode, inserted, keepsType, modeOf, variableOf, variableText } from './mapping'

describe('how a value is given', () => {
  it('is told from the value alone', () => {
    expect(modeOf('{{ input.query }}')).toBe('variable')
    expect(modeOf('{{input.lines[0]["order id"]}}')).toBe('variable')
    expect(modeOf('{{ input.query | upper }}')).toBe('template')
    expect(modeOf('致 {{ input.name }}')).toBe('template')
    expect(modeOf('{% if input.a %}x{% endif %}')).toBe('template')
    expect(modeOf('a { b }')).toBe('text')
    expect([3, true, null, [], {}].map(modeOf)).toEqual(['number', 'boolean', 'null', 'list', 'object'])
  })

  it('keeps its type only as one whole expression', () => {
    expect(keepsType('{{ a + 1 }}')).toBe(true)
    expect(keepsType("{{ 'x}}' ~ a }}")).toBe(true)
    expect(keepsType('{{ a }} {{ b }}')).toBe(false)
    expect(keepsType('{{ a }}元')).toBe(false)
    expect(keepsType(3)).toBe(false)
  })

  it('gives the variable that it names', () => {
    expect(variableOf(variableText('nodes.answer.text'))).toBe('nodes.answer.text')
    expect(variableOf('{{ a or b }}')).toBeUndefined()
    expect(variableOf("{{ 'text' }}")).toBeUndefined()
  })
})

describe('another way', () => {
  it('takes what fits of what stood there', () => {
    expect(asMode('number', '12.5')).toBe(12.5)
    expect(asMode('number', 'twelve')).toBe(0)
    expect(asMode('text', 12)).toBe('12')
    expect(asMode('template', '{{ a }}')).toBe('{{ a }}')
    expect(asMode('text', { a: 1 })).toBe('')
    expect(asMode('list', 'a')).toEqual(['a'])
    expect(asMode('list', undefined)).toEqual([])
    expect(asMode('object', 'a')).toEqual({})
    expect(asMode('boolean', 'false')).toBe(false)
  })
})

describe('a variable that is put into a text', () => {
  it('stands at the caret', () => {
    expect(inserted('To : hello', 3, 'input.name')).toEqual({ text: 'To {{ input.name }}: hello', caret: 19 })
  })

  it('takes the braces that were opened for it', () => {
    expect(inserted('To {{', 5, 'a')).toEqual({ text: 'To {{ a }}', caret: 10 })
    expect(inserted('To {{ }}!', 5, 'a').text).toBe('To {{ a }}!')
    expect(inserted('{{ b }}', 0, 'a').text).toBe('{{ a }}{{ b }}')
  })
})
