import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { bitmapBytes } from './layout.js'

/** Whether it is a Uint8Array, of any realm; a Buffer is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value)
}

/** A char for each byte. */
export function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** The same memory as bytes. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The same bytes in memory of their own. */
export function copyOfBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  return copy
}

/** Writes the bits of so many rows. */
export function copyBits(message: Uint8Array, start: number, bits: Uint8Array, rows: number): void {
  const bytes = bitmapBytes(rows)
  message.set(bits.subarray(0, bytes), start)
  // Bits after the last row are zero: the same rows always give the same bytes.
  if ((rows & 7) !== 0) message[start + bytes - 1] &= 0xff >> (8 - (rows & 7))
}

/**
 * Writes the bits of rows: of the values at some of the indexes, from one on up to but not with `count`, as long as they are booleans. Returns
 * where that ends.
 */
export function setBits(
  bits: Uint8Array,
  row: number,
  values: ArrayLike<unknown>,
  indexes: Int32Array,
  from: number,
  count: number,
): number {
  for (let i = from; i < count; i++) {
    const value = values[indexes[i]]
    if (typeof value !== 'boolean') return i
    const bit = 1 << ((row + i) & 7)
    if (value) bits[(row + i) >> 3] |= bit
    else bits[(row + i) >> 3] &= ~bit
  }
  return count
}
