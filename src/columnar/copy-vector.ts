import type { ColumnData } from './column-data.js'
import type { Kind } from './schema.js'
import { StringsVector } from './text-vector.js'
import { type ColumnVector, Vector } from './vector.js'

/** What a column that grows has its values in: views of one buffer, and the texts or bytes. */
export interface ColumnTarget {
  readonly bits: Uint8Array
  readonly words: Int32Array
  readonly floats: Float64Array
  readonly data: ColumnData
}

/** Some rows of a column of a batch, by ascending indexes, and the row that the first of them becomes. */
export interface CopiedRows {
  readonly vector: Vector
  readonly indexes: Int32Array
  readonly count: number
  readonly row: number
}

/** Whether a column of a batch has its values in the layout that they are sent in. */
export function isCopyable(vector: ColumnVector | undefined): vector is Vector {
  return vector instanceof Vector && vector.children.length === 0 && !(vector instanceof StringsVector)
}

/** Copies the values to a column of that kind; a null takes no text, else anything may be where it is. Returns the bytes of text. */
export function copyRows(into: ColumnTarget, kind: Kind, rows: CopiedRows): number {
  const { vector } = rows
  const [first] = vector.buffers
  switch (kind) {
    case 'boolean':
      copyBooleans(into.bits, first, rows)
      return 0
    case 'utf8':
    case 'binary':
      return copyVarying(into, rows)
    case 'int32':
      copyNumbers(into.words, int32sOf(first), rows)
      return 0
    case 'float64':
      copyNumbers(into.floats, vector.type === 'int32' ? int32sOf(first) : float64sOf(first), rows)
      return 0
    default:
      // Of eight bytes each, which are no numbers: some of those would not come out as they went in.
      copyPairs(into.words, int32sOf(first), rows)
      return 0
  }
}

function int32sOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength >> 2)
}

function float64sOf({ buffer, byteOffset, byteLength }: Uint8Array): Float64Array {
  return new Float64Array(buffer, byteOffset, byteLength >> 3)
}

/** The first index where the others follow it without a gap. */
function runOf({ indexes, count }: CopiedRows): number | undefined {
  return indexes[count - 1] - indexes[0] === count - 1 ? indexes[0] : undefined
}

function copyNumbers(into: Int32Array | Float64Array, from: Int32Array | Float64Array, rows: CopiedRows): void {
  const { indexes, count, row } = rows
  const run = runOf(rows)
  if (run !== undefined) into.set(from.subarray(run, run + count), row)
  else for (let i = 0; i < count; i++) into[row + i] = from[indexes[i]]
}

function copyPairs(into: Int32Array, from: Int32Array, rows: CopiedRows): void {
  const { indexes, count, row } = rows
  const run = runOf(rows)
  if (run !== undefined) {
    into.set(from.subarray(2 * run, 2 * (run + count)), 2 * row)
    return
  }
  for (let i = 0; i < count; i++) {
    into[2 * (row + i)] = from[2 * indexes[i]]
    into[2 * (row + i) + 1] = from[2 * indexes[i] + 1]
  }
}

function copyBooleans(into: Uint8Array, from: Uint8Array, { indexes, count, row }: CopiedRows): void {
  for (let i = 0; i < count; i++) {
    const at = row + i
    const index = indexes[i]
    if ((from[index >> 3] & (1 << (index & 7))) !== 0) into[at >> 3] |= 1 << (at & 7)
    else into[at >> 3] &= ~(1 << (at & 7))
  }
}

function copyVarying({ words, data }: ColumnTarget, rows: CopiedRows): number {
  const { vector, indexes, count, row } = rows
  const [first, bytes] = vector.buffers
  const offsets = int32sOf(first)
  const start = words[row]
  const run = vector.validity === undefined ? runOf(rows) : undefined
  if (run !== undefined) {
    const from = offsets[run]
    for (let i = 1; i <= count; i++) words[row + i] = start + offsets[run + i] - from
    return data.setBytes(start, bytes.subarray(from, offsets[run + count])) - start
  }
  let end = start
  for (let i = 0; i < count; i++) {
    const index = indexes[i]
    if (!vector.isNull(index)) end = data.setPiece(end, bytes, offsets[index], offsets[index + 1])
    words[row + i + 1] = end
  }
  return end - start
}
