import { describe, expect, it } from 'vitest'
import { inWords, objectOf, timeZones } from './schedule'

describe('a schedule', () => {
  it('is said in the words of the person', async () => {
    expect(await inWords('0 9 * * MON-FRI', 'en')).toBe('At 09:00, Monday through Friday')
    expect(await inWords('0 9 * * MON-FRI', 'zh')).toMatch(/09:00.*星期一至星期五/)
    expect(await inWords('0 25 * * *', 'en')).toBeNull()
  })

  it('has an input that is an object of JSON, or none', () => {
    expect(objectOf('{"day": "{{ tick.date }}"}')).toEqual({ day: '{{ tick.date }}' })
    expect(objectOf(' ')).toEqual({})
    for (const text of ['[1]', 'null', '"x"', '{"day":']) expect(objectOf(text), text).toBeUndefined()
  })

  it('may be in any time zone, and most likely in the own', () => {
    const zones = timeZones()
    expect(zones[0]).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone)
    expect(new Set(zones).size).toBe(zones.length)
    expect(zones).toContain('Asia/Shanghai')
  })
})
