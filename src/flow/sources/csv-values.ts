import type { ColumnType } from '../column-spec.js'

const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|Infinity)$|^NaN$/i
const INTEGER = /^[+-]?\d+$/
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
/** A date, perhaps with a time, perhaps with a zone. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

/** Reads the text of a field; undefined where it is none of that type. */
export const READERS: { readonly [T in Exclude<ColumnType, 'binary'>]: (text: string) => unknown } = {
  utf8: (text) => text,
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
    const match = TIMESTAMP.exec(text)
    if (match === null) return undefined
    // Where no zone is named JavaScript takes that of the machine for what has a time.
    const date = new Date(match[1] === undefined && text.length > 10 ? `${text}Z` : text)
    return Number.isNaN(date.getTime()) ? undefined : date
  },
}
