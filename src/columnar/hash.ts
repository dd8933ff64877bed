import type { Values } from './block.js'
import { isBytes } from './bytes.js'
import { dateMs } from './date.js'
import { keyRefusal } from './describe.js'
import type { Row } from './schema.js'

const FNV_OFFSET = 0x811c_9dc5 | 0
const FNV_PRIME = 0x0100_0193
const SEED = 0x9e37_79b9 | 0
const NULL_HASH = 0x2545_f491
const TRUE_HASH = 0x68bc_21eb
const FALSE_HASH = 0x02e5_be93
/** Keeps a number, a bigint and a Date of the same value apart, and text and bytes. */
const BIGINT_SEED = 0x517c_c1b7
const DATE_SEED = 0x1b87_3593
const BYTES_SEED = 0x3c6e_f372

const FLOAT = new Float64Array(1)
const BIGINT = new BigInt64Array(FLOAT.buffer)
const WORDS = new Int32Array(FLOAT.buffer)

/**
 * Hash of the key columns of a row, u32, for routing it to a partition. Equal keys hash equal on every worker and version of Node;
 * a missing key is null. Take it modulo the number of partitions.
 * @throws MillraceError `ColumnType` for a value that cannot be a key.
 */
export function hashRow(row: Row, keys: readonly string[]): number {
  if (keys.length === 1) return hashValue(row[keys[0] as string], keys[0])
  let hash = SEED
  for (let i = 0; i < keys.length; i++) {
    hash = mix(hash, hashValue(row[keys[i] as string], keys[i]))
  }
  return finish(hash)
}

/** The same for rows of key columns, from an index on, up to but not with another; that of the first goes to `hashes[0]`. */
export function hashRows(columns: readonly Values[], keys: readonly string[], from: number, to: number, hashes: Uint32Array): void {
  const [first] = columns as [Values]
  if (keys.length > 1) for (let i = from; i < to; i++) hashes[i - from] = hashAt(columns, i, keys)
  else if (first instanceof Float64Array) for (let i = from; i < to; i++) hashes[i - from] = hashNumber(first[i] as number, SEED)
  else for (let i = from; i < to; i++) hashes[i - from] = hashValue(first[i], keys[0])
}

function hashAt(columns: readonly Values[], index: number, keys: readonly string[]): number {
  let hash = SEED
  for (let i = 0; i < keys.length; i++) hash = mix(hash, hashValue((columns[i] as Values)[index], keys[i]))
  return finish(hash)
}

/**
 * Hash of one value, u32. -0 and 0 are equal, NaN is equal to NaN, a Date is its milliseconds, null and undefined are equal.
 * Strings: FNV-1a over UTF-16 code units, bytes: over bytes; the rest: MurmurHash3 (x86, 32 bit) over 32-bit words; the finalizer of the
 * latter for all. `column` is for the message of an error.
 * @throws MillraceError `ColumnType`
 */
export function hashValue(value: unknown, column?: string): number {
  switch (typeof value) {
    case 'string':
      return hashString(value)
    case 'number':
      return hashNumber(value, SEED)
    case 'bigint':
      BIGINT[0] = value
      return hashWords(BIGINT_SEED)
    case 'boolean':
      return value ? TRUE_HASH : FALSE_HASH
    case 'undefined':
      return NULL_HASH
    default:
      return value === null ? NULL_HASH : hashObject(value, column)
  }
}

function hashString(text: string): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return finish(hash)
}

function hashBytes(bytes: Uint8Array): number {
  let hash = FNV_OFFSET ^ BYTES_SEED
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME)
  return finish(hash)
}

function hashObject(value: unknown, column: string | undefined): number {
  const ms = dateMs(value)
  if (ms !== undefined) return hashNumber(ms, DATE_SEED)
  if (isBytes(value)) return hashBytes(value)
  throw keyRefusal(value, column)
}

function hashNumber(value: number, seed: number): number {
  if (Number.isNaN(value)) return finish(seed)
  // Adding 0 makes -0 to 0.
  FLOAT[0] = value + 0
  return hashWords(seed)
}

function hashWords(seed: number): number {
  return finish(mix(mix(seed, WORDS[0] as number), WORDS[1] as number))
}

function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e_2d51)
  const rotated = Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b87_3593)
  const mixed = hash ^ rotated
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85eb_ca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}
