import type { ColumnType } from './schema.js'

/*
 * A batch as one message, little endian, every section on a multiple of 8 bytes:
 *
 *    0  magic u32 | schema version u32 | rows u32 | columns u16 | flags u16 (1: the names follow)
 *   16  per column: type u32 | nulls u32 | text bytes u32 | name bytes u32 (0 unless the names follow)
 *    .  the names, one after the other, without separators
 *    .  per column, in Arrow's layout: validity bitmap, values, text
 *
 * Values are Float64 (float64), Int64 (int64; timestamp in ms), bits (boolean), or rows + 1 Int32 offsets into the text (utf8).
 * Bitmaps are least significant bit first. The validity bitmap is there iff some but not all values are null;
 * a column of nulls has no body, whatever its type. Text is UTF-8, with lone surrogates in three bytes each (WTF-8).
 */
export const MAGIC = 0x31_42_52_4d
export const HEADER_BYTES = 16
export const DESCRIPTOR_BYTES = 16
export const FLAG_NAMES = 1

/** Most rows of one batch (1,048,576): bounds what a few bytes of nulls can unfold to. */
export const ROWS_MAX = 0x10_0000
/** Most columns of one stage (4,096): rows whose keys are data would grow every batch without end. */
export const COLUMNS_MAX = 0x1000

/** The number of a type on the wire is its index here. */
export const TYPES: readonly ColumnType[] = ['null', 'boolean', 'float64', 'int64', 'utf8', 'timestamp']

/** Where the parts of one column stand, in bytes from the start of the message. `end` is where the next column starts. */
export interface ColumnLayout {
  readonly validity: number
  readonly values: number
  readonly text: number
  readonly end: number
}

export interface ColumnExtent {
  readonly type: ColumnType
  readonly rows: number
  readonly nulls: number
  readonly textBytes: number
}

/** The one place that says where a column's bytes are; `encode` and `decode` both ask it. */
export function layoutColumn(start: number, { type, rows, nulls, textBytes }: ColumnExtent): ColumnLayout {
  if (nulls === rows) return { validity: start, values: start, text: start, end: start }
  const values = start + (nulls === 0 ? 0 : align8(bitmapBytes(rows)))
  const text = values + align8(valueBytes(type, rows))
  return { validity: start, values, text, end: text + align8(textBytes) }
}

/** Bytes of the values of `rows` rows, without padding. */
export function valueBytes(type: ColumnType, rows: number): number {
  if (type === 'null') return 0
  if (type === 'boolean') return bitmapBytes(rows)
  return type === 'utf8' ? 4 * (rows + 1) : 8 * rows
}

export function bitmapBytes(rows: number): number {
  return (rows + 7) >>> 3
}

export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
