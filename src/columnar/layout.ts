import type { Kind } from './schema.js'

/*
 * A batch as one message, little endian, every section on a multiple of 8 bytes:
 *
 *    0  magic u32 | schema version u32 | rows u32 | columns u16 | flags u16 (1: the names follow)
 *   16  per column: kind u32 | nulls u32 | size u32 | name bytes u32 (0 unless the names follow)
 *    .  the names, one after the other, without separators
 *    .  per column, in Arrow's layout: validity bitmap, values, data
 *
 * Values are Float64 (float64), Int32 (int32), Int64 (int64; timestamp in ms), bits (boolean), or rows + 1 Int32 offsets into the data (utf8, binary)
 * or the elements (list); a struct has none. The size is the bytes of the data, the elements of a list, or the fields of a struct; else 0.
 * Bitmaps are least significant bit first. The validity bitmap is there iff some but not all values are null;
 * a column of nulls has no body, whatever its type. Text is UTF-8, with lone surrogates in three bytes each (WTF-8).
 *
 * Columns are counted and stand in the order in which a walk meets them: a list, then its elements as a column of as many rows and of
 * no name; a struct, then its fields, each of as many rows as it has, null where it is.
 */
export const MAGIC = 0x31_42_52_4d
export const HEADER_BYTES = 16
export const DESCRIPTOR_BYTES = 16
export const FLAG_NAMES = 1

/** Most rows of one batch, and elements of a list column in it (1,048,576): bounds what a few bytes of nulls can unfold to. */
export const ROWS_MAX = 0x10_0000
/** Most columns of one stage (4,096), those inside others too: rows whose keys are data would grow every batch without end. */
export const COLUMNS_MAX = 0x1000

/** The number of a kind on the wire is its index here. */
export const KINDS: readonly Kind[] = ['null', 'boolean', 'float64', 'int64', 'utf8', 'timestamp', 'binary', 'list', 'struct', 'int32']

/** Where the parts of one column stand, in bytes from the start of the message. `end` is where the next column starts. */
export interface ColumnLayout {
  readonly validity: number
  readonly values: number
  readonly data: number
  readonly end: number
}

export interface ColumnExtent {
  readonly kind: Kind
  readonly rows: number
  readonly nulls: number
  /** Bytes of text or binary, elements of a list, fields of a struct; else 0. */
  readonly size: number
}

/** The one place that says where a column's bytes are; `encode` and `decode` both ask it. */
export function layoutColumn(start: number, { kind, rows, nulls, size }: ColumnExtent): ColumnLayout {
  if (nulls === rows) return { validity: start, values: start, data: start, end: start }
  const values = start + (nulls === 0 ? 0 : align8(bitmapBytes(rows)))
  const data = values + align8(valueBytes(kind, rows))
  return { validity: start, values, data, end: data + (hasData(kind) ? align8(size) : 0) }
}

/** Bytes of the values of `rows` rows, without padding. */
export function valueBytes(kind: Kind, rows: number): number {
  if (kind === 'null' || kind === 'struct') return 0
  if (kind === 'boolean') return bitmapBytes(rows)
  if (kind === 'int32') return 4 * rows
  return hasOffsets(kind) ? 4 * (rows + 1) : 8 * rows
}

/** What a row takes of them, nearly, with its bit of validity. */
export function rowBytes(kind: Kind): number {
  if (kind === 'null') return 0
  if (kind === 'boolean') return 0.25
  if (kind === 'struct') return 0.125
  return hasOffsets(kind) || kind === 'int32' ? 4.125 : 8.125
}

export function hasOffsets(kind: Kind): boolean {
  return kind === 'utf8' || kind === 'binary' || kind === 'list'
}

export function hasData(kind: Kind): boolean {
  return kind === 'utf8' || kind === 'binary'
}

export function bitmapBytes(rows: number): number {
  return (rows + 7) >>> 3
}

export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
