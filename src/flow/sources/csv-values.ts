import type { FieldType } from '../column-spec.js'

const NUMBER = /^(?:[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity)|NaN)$/
const INTEGER = /^[+-]?\d+$/
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
/** A date, perhaps with a time, perhaps with a zone. */
const TIMESTAMP = /^(\d{4}-\d{2}-(\d{2}))(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)([Zz]|[+-]\d{2}:?\d{2})?)?$/

/** Reads the text of a field; undefined where it is none of that type. */
export const READERS: { readonly [T in FieldType]: (text: string) => unknown } = {
  utf8: (text) => text,
  dictionary: (text) => text,
  float64: (text) => (NUMBER.test(text) ? Number(text) : undefined),
  int32: (text) => {
    const value = INTEGER.test(text) ? Number(text) : Number.NaN
    return value === (value | 0) ? value | 0 : undefined
  },
  int64: (text) => {
    if (!INTEGER.test(text)) return undefined
    const value = BigInt(text.replace(/^\+/, ''))
    return value >= INT64_MIN && value <= INT64_MAX ? value : undefined
  },
  boolean: (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined),
  timestamp: (text) => {
    const [, day, dayOfMonth, time = '00:00', zone = 'Z'] = TIMESTAMP.exec(text) ?? []
    // JavaScript takes the last of February to be 31, as a day of March, and where no zone is named that of the machine.
    if (day === undefined || new Date(`${day}T00:00Z`).getUTCDate() !== Number(dayOfMonth)) return undefined
    const date = new Date(`${day}T${time}${zone.toUpperCase().replace(/^(...)(\d\d)$/, '$1:$2')}`)
    return Number.isNaN(date.getTime()) ? undefined : date
  },
}
