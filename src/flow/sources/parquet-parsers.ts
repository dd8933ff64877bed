import type { ParquetParsers } from 'hyparquet'
import type { ColumnRead } from './column-reads.js'
import { isNested } from './file-types.js'
import { textOf } from './text-of.js'

const MILLISECONDS = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis),
  timestampFromMicroseconds: (micros: bigint) => Math.floor(Number(micros) / 1000),
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1_000_000n),
  dateFromDays: (days: number) => days * 86_400_000,
}

const orNothing = (bytes: Uint8Array) => bytes && textOf(bytes)
const TEXTS = { stringFromBytes: orNothing, jsonFromBytes: orNothing }

/** JSON stays text, and times are milliseconds: a Date per distinct value would be shared between rows. */
const PARSERS: Partial<ParquetParsers> = { ...MILLISECONDS, ...TEXTS }

/** Inside lists and structures times become Dates at once. */
const NESTED_PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => new Date(MILLISECONDS.timestampFromMilliseconds(millis)),
  timestampFromMicroseconds: (micros) => new Date(MILLISECONDS.timestampFromMicroseconds(micros)),
  timestampFromNanoseconds: (nanos) => new Date(MILLISECONDS.timestampFromNanoseconds(nanos)),
  dateFromDays: (days) => new Date(MILLISECONDS.dateFromDays(days)),
  ...TEXTS,
}

/** The reader makes an object of a map by assignment, which would lose that key. */
const MAP_PARSERS: Partial<ParquetParsers> = {
  ...NESTED_PARSERS,
  stringFromBytes: (bytes) => {
    const text = orNothing(bytes)
    if (text === '__proto__') throw new Error('a column with a map holds the text "__proto__", which cannot be the name of a field')
    return text
  },
}

export function parsersOf({ file, hasMaps }: ColumnRead): Partial<ParquetParsers> {
  if (hasMaps) return MAP_PARSERS
  return isNested(file) ? NESTED_PARSERS : PARSERS
}
