import { describe, expect, it } from 'vitest'
import { headerPairs, requestBody, sentBody } from './body'

describe('a body', () => {
  it('is shown as JSON where it is JSON, else as it is', () => {
    expect(requestBody({ body: { text: ' {"a": 1}' } })).toEqual({ json: { a: 1 }, cut: false })
    expect(requestBody({ body: { text: '{"a": ' } })).toEqual({ text: '{"a": ', cut: false })
    expect(requestBody({ body: { text: 'a=1&b=2' } })).toEqual({ text: 'a=1&b=2', cut: false })
    expect(requestBody({ body: { base64: '/wA=' } })).toEqual({ base64: '/wA=', cut: false })
    expect(requestBody({ body: { text: '' } })).toBeUndefined()
  })

  it('of a form is its parts, and that of a file is the file alone', () => {
    const file = { name: 'cv.pdf', media_type: 'application/pdf', size: 3, sha256: 'ab' }
    const parts = [
      { name: 'a', text: '1' },
      { name: 'b', text: 'x' },
      { name: 'a', text: '2' },
      { name: 'cv', file },
    ]
    expect(requestBody({ body: { parts } })).toEqual({ parts, cut: false })
    expect(requestBody({ body: { file } })).toEqual({ parts: [{ file }], cut: false })
  })

  it('of a form is its pairs, and its text to copy', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(requestBody({ headers, body: { text: 'a=1&a=%E4%BD%A0' } })).toEqual({
      text: 'a=1&a=%E4%BD%A0',
      parts: [
        { name: 'a', text: '1' },
        { name: 'a', text: '你' },
      ],
      cut: false,
    })
  })

  it('says when it was cut', () => {
    expect(requestBody({ body: { text: 'beginning' }, cut_from: 99 })?.cut).toBe(true)
    expect(sentBody({ encoding: 'text', content: 'beginning', truncated: true })?.cut).toBe(true)
  })

  it('of an attempt has the same forms', () => {
    expect(sentBody({ encoding: 'text', content: '[1]' })).toEqual({ json: [1], cut: false })
    expect(sentBody({ encoding: 'base64', content: '/wA=' })).toEqual({ base64: '/wA=', cut: false })
    expect(sentBody({ encoding: 'text', content: '' })).toBeUndefined()
  })
})

describe('headers', () => {
  it('that came again have a line each', () => {
    expect(headerPairs({ headers: { a: '1', b: ['2', '3'] } })).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['b', '3'],
    ])
  })
})
