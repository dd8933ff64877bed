import fc from 'fast-check'
import { BatchBuilder } from '../../src/columnar/builder.js'
import { BatchDecoder } from '../../src/columnar/decode.js'
import { BatchEncoder } from '../../src/columnar/encode.js'
import type { ColumnType, Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'

/** One receiver of a stage: what goes in at `append` comes out of `flush` as rows, having been a message in between. */
export class Pipe {
  readonly builder: BatchBuilder
  readonly encoder = new BatchEncoder()
  readonly decoder = new BatchDecoder()

  constructor(shape = new Shape({ stage: 'test' })) {
    this.builder = new BatchBuilder(shape)
  }

  message(rows: readonly Row[]): Uint8Array {
    for (const row of rows) this.builder.append(row)
    return this.encoder.encode(this.builder)
  }

  send(rows: readonly Row[]): Row[] {
    return this.decoder.decode(this.message(rows)).rows()
  }
}

/** Strings of any UTF-16 code units, lone surrogates among them. */
export const anyUnits: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 }), fc.integer({ min: 0, max: 0x7f })), {
    maxLength: 40,
  })
  .map((units) => String.fromCharCode(...units))

const asciiText: fc.Arbitrary<string> = fc.string({ unit: 'binary-ascii', maxLength: 40 })
const soundText: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 40 })

const numbers: fc.Arbitrary<number> = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 5e-324))
const bigints: fc.Arbitrary<bigint> = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const dates: fc.Arbitrary<Date> = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(-8.64e15, 8.64e15, -1, 0, 2 ** 32, -(2 ** 32) - 1).map((ms) => new Date(ms)),
)

/** One arbitrary per kind of column; text three times, as it is read in three ways. */
export const KINDS: Record<string, { type: ColumnType; values: fc.Arbitrary<unknown> }> = {
  null: { type: 'null', values: fc.constant(null) },
  boolean: { type: 'boolean', values: fc.boolean() },
  float64: { type: 'float64', values: numbers },
  int64: { type: 'int64', values: bigints },
  timestamp: { type: 'timestamp', values: dates },
  ascii: { type: 'utf8', values: asciiText },
  sound: { type: 'utf8', values: soundText },
  units: { type: 'utf8', values: anyUnits },
  binary: { type: 'binary', values: fc.uint8Array({ maxLength: 20 }) },
}

/** Any value a key can be. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(...Object.values(KINDS).map((kind) => kind.values), fc.constant(undefined))

/** Same value for a group or a partition: as Map compares, but Dates by time, bytes by content and undefined as null. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((byte, i) => byte === b[i])
  if (a instanceof Date && b instanceof Date) return sameValue(a.getTime(), b.getTime())
  return Object.is(a ?? null, b ?? null) || (a === 0 && b === 0)
}
