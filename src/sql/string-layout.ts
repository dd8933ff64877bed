/*
 * A string in a vector of DuckDB takes 16 bytes, little endian:
 *
 *    0  length u32
 *    4  its bytes, where there are no more than 12, and zeros
 *    4  else the first four of them | their address u64
 */
export const STRING_BYTES = 16
/** The longest one that is there whole. */
export const STRING_INLINE_MAX = 12

const TWO_32 = 2 ** 32
const LENGTH_BYTES = 4
const PREFIX_BYTES = 4

export interface LaidString {
  readonly bytes: Uint8Array
  readonly start: number
  readonly length: number
  /** Where DuckDB has them. */
  readonly address: number
}

/** Writes the string of a row. */
export function writeString(into: Uint8Array, row: number, { bytes, start, length, address }: LaidString): void {
  const at = STRING_BYTES * row
  const isInline = length <= STRING_INLINE_MAX
  writeWord(into, at, length)
  const copied = isInline ? length : PREFIX_BYTES
  for (let i = 0; i < copied; i++) into[at + LENGTH_BYTES + i] = bytes[start + i]
  if (isInline) into.fill(0, at + LENGTH_BYTES + length, at + STRING_BYTES)
  else {
    writeWord(into, at + 8, address % TWO_32)
    writeWord(into, at + 12, Math.floor(address / TWO_32))
  }
}

function writeWord(into: Uint8Array, at: number, word: number): void {
  into[at] = word
  into[at + 1] = word >>> 8
  into[at + 2] = word >>> 16
  into[at + 3] = word >>> 24
}
