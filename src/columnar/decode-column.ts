import { BinaryVector } from './inside-vector.js'
import { bitmapBytes, type ColumnExtent, type ColumnLayout, hasData, hasOffsets, layoutColumn, valueBytes } from './layout.js'
import { check, malformed } from './malformed.js'
import { readText } from './text.js'
import { StringsVector, textVector, UnicodeVector } from './text-vector.js'
import { BigintVector, BooleanVector, type ColumnVector, FloatVector, Int32Vector, type Nulls, TimestampVector } from './vector.js'

/** The largest count of milliseconds a Date can hold. */
const DATE_MS_MAX = 8.64e15

/** The body of one column of a message that has one, without the columns inside it. */
export interface ColumnBody {
  readonly extent: ColumnExtent
  readonly layout: ColumnLayout
  readonly nulls: Nulls
  /** Of text, bytes or elements, in order and within their size; else empty. */
  readonly offsets: Int32Array
}

/** Checks where a body begins and ends, its nulls and its offsets. `start` is a multiple of 8. */
export function readBody(bytes: Uint8Array, start: number, extent: ColumnExtent): ColumnBody {
  const { kind, rows, nulls: nullCount } = extent
  const layout = layoutColumn(start, extent)
  check(layout.end <= bytes.length, `a column ends at ${layout.end}, the message at ${bytes.length}`)
  const nulls = { length: rows, nullCount, validity: readValidity(bytes, layout.validity, extent) }
  const offsets = hasOffsets(kind) ? new Int32Array(bytes.buffer, bytes.byteOffset + layout.values, rows + 1) : NO_OFFSETS
  if (offsets !== NO_OFFSETS) checkOffsets(offsets, extent)
  return { extent, layout, nulls, offsets }
}

const NO_OFFSETS = new Int32Array(0)

/** The values of a column that has no others inside, all checked. */
export function readValues(bytes: Uint8Array, { extent, layout, nulls, offsets }: ColumnBody): ColumnVector {
  const { kind, rows, size } = extent
  const { buffer } = bytes
  const at = bytes.byteOffset + layout.values
  const data = hasData(kind) ? bytes.subarray(layout.data, layout.data + size) : bytes
  switch (kind) {
    case 'boolean':
      return new BooleanVector(nulls, bytes.subarray(layout.values, layout.values + valueBytes(kind, rows)))
    case 'float64':
      return new FloatVector(nulls, new Float64Array(buffer, at, rows))
    case 'int32':
      return new Int32Vector(nulls, new Int32Array(buffer, at, rows))
    case 'int64':
      return new BigintVector(nulls, new BigInt64Array(buffer, at, rows))
    case 'timestamp':
      return readTimestamps(nulls, new Int32Array(buffer, at, 2 * rows))
    case 'binary':
      return new BinaryVector(nulls, offsets, data)
    default:
      return readStrings(nulls, offsets, data)
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

function checkOffsets(offsets: Int32Array, { rows, size }: ColumnExtent): void {
  check(offsets[0] === 0 && offsets[rows] === size, `offsets that do not cover the ${size} bytes or elements of a column`)
  for (let i = 0; i < rows; i++) {
    if ((offsets[i] as number) > (offsets[i + 1] as number)) throw malformed(`offsets go back at row ${i}`)
  }
}

function readStrings(nulls: Nulls, offsets: Int32Array, text: Uint8Array): ColumnVector {
  const sound = textVector(nulls, offsets, text)
  if (sound instanceof UnicodeVector) {
    for (let i = 0; i < nulls.length; i++) {
      if (((text[offsets[i] as number] ?? 0) & 0xc0) === 0x80) throw malformed(`row ${i} begins inside a character`)
    }
  }
  if (sound !== undefined) return sound
  const values = Array.from({ length: nulls.length }, (_, i) => {
    const value = readText(text.subarray(offsets[i], offsets[i + 1]))
    if (value === undefined) throw malformed(`row ${i} is no text`)
    return value
  })
  return new StringsVector(nulls, values)
}
