import { Buffer } from 'node:buffer'
import { MillraceError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'
import type { Values } from './block.js'
import { textBytesMax, writeText } from './text.js'

const BYTES_FIRST = 1024
/** Up to here bytes are copied in a loop; from here on the call is worth it. */
const LOOP_BYTES_MAX = 48
const NOTHING: Buffer = Buffer.alloc(0)

/** The texts or bytes of a column's rows, one behind the other. */
export class ColumnData {
  readonly #place: () => string
  #bytes = NOTHING

  /** `place` begins a message about the value that the current row has. */
  constructor(place: () => string) {
    this.#place = place
  }

  get capacityBytes(): number {
    return this.#bytes.length
  }

  /** The first bytes. */
  first(sizeBytes: number): Uint8Array {
    return this.#bytes.subarray(0, sizeBytes)
  }

  /** Puts in a text; returns where it ends. */
  setText(start: number, text: string): number {
    const room = textBytesMax(text)
    if (start + room > this.#bytes.length) this.#grow(start, room, 'text')
    return writeText(this.#bytes, start, text)
  }

  /**
   * Puts in the values at some of the indexes, from one on up to but not with `count`, as long as they are texts, and where each ends behind
   * `ends[row + from]`. Returns where that ends.
   */
  setTexts(ends: Int32Array, row: number, values: Values, indexes: Int32Array, from: number, count: number): number {
    let end = ends[row + from]
    for (let i = from; i < count; i++) {
      const text = values[indexes[i]]
      if (typeof text !== 'string') return i
      end = this.setText(end, text)
      ends[row + i + 1] = end
    }
    return count
  }

  /** Puts in bytes; returns where they end. */
  setBytes(start: number, bytes: Uint8Array): number {
    if (start + bytes.length > this.#bytes.length) this.#grow(start, bytes.length, 'binary data')
    this.#bytes.set(bytes, start)
    return start + bytes.length
  }

  /** Puts in some of these bytes; returns where they end. */
  setPiece(start: number, bytes: Uint8Array, from: number, to: number): number {
    const size = to - from
    if (size > LOOP_BYTES_MAX) return this.setBytes(start, bytes.subarray(from, to))
    if (start + size > this.#bytes.length) this.#grow(start, size, 'text')
    for (let i = 0; i < size; i++) this.#bytes[start + i] = bytes[from + i]
    return start + size
  }

  /** Lets its memory go. */
  drop(): void {
    this.#bytes = NOTHING
  }

  #grow(start: number, room: number, what: string): void {
    if (start + room > LIMITS.messageBytesMax) {
      throw new MillraceError(
        'MessageTooLarge',
        `${this.#place()} has more than ${LIMITS.messageBytesMax} bytes of ${what} in one batch; split the value`,
      )
    }
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, start + room, BYTES_FIRST))
    larger.set(this.#bytes.subarray(0, start))
    this.#bytes = larger
  }
}
