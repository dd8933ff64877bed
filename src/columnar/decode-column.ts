import { isAscii, isUtf8 } from 'node:buffer'
import { bitmapBytes, type ColumnExtent, layoutColumn, valueBytes } from './layout.js'
import { check, malformed } from './malformed.js'
import { readText } from './text.js'
import { AsciiVector, StringsVector, UnicodeVector } from './text-vector.js'
import { BigintVector, BooleanVector, type ColumnVector, FloatVector, type Nulls, NullVector, TimestampVector } from './vector.js'

/** The largest count of milliseconds a Date can hold. */
const DATE_MS_MAX = 8.64e15

/** One column of a message, checked throughout. `start` is a multiple of 8. */
export function readColumn(bytes: Uint8Array, start: number, extent: ColumnExtent): ColumnVector {
  const { type, rows, nulls: nullCount } = extent
  if (nullCount === rows) return new NullVector(type, rows)
  const layout = layoutColumn(start, extent)
  check(layout.end <= bytes.length, `a column ends at ${layout.end}, the message at ${bytes.length}`)
  const { buffer } = bytes
  const at = bytes.byteOffset + layout.values
  const nulls = { length: rows, nullCount, validity: readValidity(bytes, layout.validity, extent) }
  switch (type) {
    case 'boolean':
      return new BooleanVector(nulls, bytes.subarray(layout.values, layout.values + valueBytes(type, rows)))
    case 'float64':
      return new FloatVector(nulls, new Float64Array(buffer, at, rows))
    case 'int64':
      return new BigintVector(nulls, new BigInt64Array(buffer, at, rows))
    case 'timestamp':
      return readTimestamps(nulls, new Int32Array(buffer, at, 2 * rows))
    default:
      return readStrings(nulls, new Int32Array(buffer, at, rows + 1), bytes.subarray(layout.text, layout.text + extent.textBytes))
  }
}

function readValidity(bytes: Uint8Array, start: number, { rows, nulls }: ColumnExtent): Uint8Array | undefined {
  if (nulls === 0) return undefined
  const validity = bytes.subarray(start, start + bitmapBytes(rows))
  let ones = 0
  for (let i = 0; i < validity.length; i++) {
    for (let bits = validity[i] as number; bits !== 0; bits &= bits - 1) ones++
  }
  check(ones === rows - nulls, `${rows - nulls} values announced, ${ones} marked`)
  return validity
}

function readTimestamps(nulls: Nulls, words: Int32Array): TimestampVector {
  const vector = new TimestampVector(nulls, words)
  for (let i = 0; i < nulls.length; i++) {
    if (Math.abs(vector.ms(i)) > DATE_MS_MAX) throw malformed(`row ${i} is no point in time`)
  }
  return vector
}

function readStrings(nulls: Nulls, offsets: Int32Array, text: Uint8Array): ColumnVector {
  check(offsets[0] === 0 && offsets[nulls.length] === text.length, 'text offsets that do not cover the text')
  for (let i = 0; i < nulls.length; i++) {
    if ((offsets[i] as number) > (offsets[i + 1] as number)) throw malformed(`text offsets go back at row ${i}`)
  }
  if (isAscii(text)) return new AsciiVector(nulls, offsets, text)
  if (isUtf8(text)) {
    for (let i = 0; i < nulls.length; i++) {
      if (((text[offsets[i] as number] ?? 0) & 0xc0) === 0x80) throw malformed(`row ${i} begins inside a character`)
    }
    return new UnicodeVector(nulls, offsets, text)
  }
  const values = Array.from({ length: nulls.length }, (_, i) => {
    const value = readText(text.subarray(offsets[i], offsets[i + 1]))
    if (value === undefined) throw malformed(`row ${i} is no text`)
    return value
  })
  return new StringsVector(nulls, values)
}
