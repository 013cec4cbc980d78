import { describe, expect, it } from 'vitest'
import { toYaml } from './toYaml'
import { partsOf } from './Yaml'

const looks = (line: string) => partsOf(line).map(({ text, look }) => `${look}:${text}`)

describe('a line of YAML', () => {
  it('has its key, texts, templates and comments', () => {
    expect(looks('  title: "a" # note')).toEqual([
      'plain:  ',
      'key:title',
      'plain::',
      'plain: ',
      'text:"a"',
      'comment: # note',
    ])
    expect(looks('text: Hello {{ input.name }}!')).toEqual([
      'key:text',
      'plain::',
      'plain: Hello ',
      'template:{{ input.name }}',
      'plain:!',
    ])
    expect(looks('- start -> answer')).toEqual(['plain:- start -> answer'])
  })

  it('is nothing but its parts', () => {
    for (const line of ['a: b', "- { kind: if, x: '#1' }", '    free text: with {{ a }} and "b"', '']) {
      expect(
        partsOf(line)
          .map(({ text }) => text)
          .join(''),
      ).toBe(line)
    }
  })
})

describe('settings as YAML', () => {
  it('keep long texts as blocks', () => {
    expect(toYaml({ kind: 'template', text: 'one\ntwo\n' })).toBe('kind: template\ntext: |\n  one\n  two\n')
  })
})
