import type { ChunkColumn } from './chunk-column.js'
import { STRING_BYTES, STRING_INLINE_MAX } from './string-layout.js'

const WORDS = STRING_BYTES / 4
const TWO_32 = 2 ** 32
const SIZE_MAX = 2 ** 31 - 1
/** Memory between two strings that is read with them. Less than a page, so that none of it is out of reach. */
const GAP_MAX = 256
/** Up to here bytes are copied in a loop; from here on the call is worth it. */
const LOOP_MAX = 48

export interface Varying {
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
}

/** Texts or bytes of a column, in Arrow's layout; undefined where they are too many for it. */
export function readVarying(column: ChunkColumn): Varying | undefined {
  const { length: rows } = column
  const { buffer, byteOffset } = column.bytes(STRING_BYTES)
  const words = new Int32Array(buffer, byteOffset, WORDS * rows)
  const offsets = new Int32Array(rows + 1)
  let size = 0
  for (let row = 0; row < rows; row++) {
    if (!column.isNull(row)) size += words[WORDS * row] >>> 0
    if (size > SIZE_MAX) return undefined
    offsets[row + 1] = size
  }
  const bytes = new Uint8Array(size)
  copyInlined(new Uint8Array(buffer, byteOffset, STRING_BYTES * rows), { offsets, bytes })
  new Pointed(column, words, { offsets, bytes }).copy()
  return { offsets, bytes }
}

function copyInlined(strings: Uint8Array, { offsets, bytes }: Varying): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    const to = offsets[row]
    const length = offsets[row + 1] - to
    if (length > STRING_INLINE_MAX) continue
    const from = STRING_BYTES * row + 4
    for (let i = 0; i < length; i++) bytes[to + i] = strings[from + i]
  }
}

/**
 * Copies the longer ones, those whose memory is one piece by one call: mostly they stand one behind the other, in the order of the rows; what comes
 * from a dictionary stands close together.
 */
class Pointed {
  readonly #column: ChunkColumn
  readonly #words: Int32Array
  readonly #into: Varying
  /** The rows of the piece, and which begins it. */
  #rows: number[] = []
  #first = 0
  #start = 0
  #end = 0

  constructor(column: ChunkColumn, words: Int32Array, into: Varying) {
    this.#column = column
    this.#words = words
    this.#into = into
  }

  copy(): void {
    const { offsets } = this.#into
    for (let row = 0; row + 1 < offsets.length; row++) {
      const length = offsets[row + 1] - offsets[row]
      if (length > STRING_INLINE_MAX) this.#take(row, this.#address(row), length)
    }
    this.#flush()
  }

  /** Less than 2^53, as all addresses of a process are. */
  #address(row: number): number {
    return (this.#words[WORDS * row + 3] >>> 0) * TWO_32 + (this.#words[WORDS * row + 2] >>> 0)
  }

  #take(row: number, start: number, length: number): void {
    const isNear = start <= this.#end + GAP_MAX && start + length >= this.#start - GAP_MAX
    if (!isNear || this.#rows.length === 0) {
      this.#flush()
      this.#start = start
      this.#end = start + length
      this.#first = row
    } else {
      if (start < this.#start) {
        this.#start = start
        this.#first = row
      }
      this.#end = Math.max(this.#end, start + length)
    }
    this.#rows.push(row)
  }

  #flush(): void {
    if (this.#rows.length === 0) return
    const { buffer, byteOffset } = this.#words
    const at = byteOffset + STRING_BYTES * this.#first + 8
    const piece = this.#column.native.get_data_from_pointer(buffer as ArrayBuffer, at, this.#end - this.#start)
    const { offsets, bytes } = this.#into
    const last = this.#rows[this.#rows.length - 1]
    const isWhole = this.#rows.length === last - this.#rows[0] + 1 && offsets[last + 1] - offsets[this.#rows[0]] === piece.length
    if (isWhole && this.#isInOrder()) bytes.set(piece, offsets[this.#rows[0]])
    else for (const row of this.#rows) copyPiece(piece, this.#address(row) - this.#start, bytes, offsets[row], offsets[row + 1])
    this.#rows = []
  }

  /** Whether each stands behind the one before. */
  #isInOrder(): boolean {
    const { offsets } = this.#into
    const [first] = this.#rows
    return this.#rows.every((row) => this.#address(row) - this.#start === offsets[row] - offsets[first])
  }
}

function copyPiece(from: Uint8Array, start: number, into: Uint8Array, at: number, end: number): void {
  const length = end - at
  if (length > LOOP_MAX) into.set(from.subarray(start, start + length), at)
  else for (let i = 0; i < length; i++) into[at + i] = from[start + i]
}
