import type { PhysicalStreamId } from '../base/ids.js'
import type { ControlRecord } from './control-record.js'
import type { ControlType } from './kinds.js'

const TWO_TO_32 = 0x1_0000_0000

/** The four little-endian words of a record, at `at` (in words). */
export function writeRecord(words: Int32Array, at: number, record: Readonly<ControlRecord>): void {
  words[at] = record.type | (record.flags << 8) | (record.generation << 16)
  words[at + 1] = record.id
  words[at + 2] = (record.value % TWO_TO_32) | 0
  words[at + 3] = Math.floor(record.value / TWO_TO_32)
}

/** Reads them back. Nothing is checked. */
export function readRecord(words: Int32Array, at: number, record: ControlRecord): void {
  const first = words[at]
  record.type = (first & 0xff) as ControlType
  record.flags = (first >>> 8) & 0xff
  record.generation = first >>> 16
  record.id = (words[at + 1] >>> 0) as PhysicalStreamId
  record.value = (words[at + 2] >>> 0) + (words[at + 3] >>> 0) * TWO_TO_32
}
