import assert from 'node:assert/strict'
import { BatchBuilder } from '../../src/columnar/builder.js'
import { BatchDecoder } from '../../src/columnar/decode.js'
import { BatchEncoder } from '../../src/columnar/encode.js'
import { FoundInt32 } from '../../src/columnar/int32-columns.js'
import { COLUMNS_MAX, ROWS_MAX } from '../../src/columnar/layout.js'
import type { Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { type Dice, mutate } from './dice.js'
import { assertNamed } from './named.js'

/** Cells of a batch that are looked at; a few bytes of nulls may say very many. */
const CELLS_MAX = 20_000

const COLUMNS: readonly ((dice: Dice) => unknown)[] = [
  (dice) => dice.int(1000) / 8,
  (dice) => dice.chance(0.5),
  (dice) => BigInt(dice.word()),
  (dice) => new Date(dice.word()),
  (dice) => 'ascii'.repeat(dice.int(4)),
  (dice) => 'größe→𝄞'.slice(dice.int(8)),
  (dice) => String.fromCharCode(dice.int(0x1_0000), 0xd800 + dice.int(16)),
  () => null,
  (dice) => new Uint8Array(dice.int(5)).fill(dice.int(256)),
  (dice) => Array.from({ length: dice.int(4) }, () => (dice.chance(0.3) ? null : dice.int(9))),
  (dice) => ({ x: dice.int(9), ...(dice.chance(0.5) && { in: [{ y: 'größe' }, null, {}].slice(0, dice.int(3)) }) }),
]

/** The messages of a stream of batches, spoiled: each is refused as against the protocol, or all of it can be read. */
export function batchCase(dice: Dice): void {
  const decoder = new BatchDecoder()
  for (const message of messages(dice)) readBatch(decoder, dice.chance(0.4) ? mutate(dice, message) : message)
}

export function readBatch(decoder: BatchDecoder, message: Uint8Array): void {
  let batch: ReturnType<BatchDecoder['decode']>
  try {
    batch = decoder.decode(message)
  } catch (error) {
    assertNamed(error)
    return
  }
  assert.ok(batch.rowCount <= ROWS_MAX && batch.vectors.length <= COLUMNS_MAX)
  const step = Math.max(1, Math.ceil((batch.rowCount * Math.max(1, batch.vectors.length)) / CELLS_MAX))
  for (let row = 0; row < batch.rowCount; row += step) batch.row(row)
}

function messages(dice: Dice): Uint8Array[] {
  const columns = Array.from({ length: dice.int(5) }, (_, at) => ({ name: `c${at}`, value: dice.pick(COLUMNS) }))
  // Numbers are int32 until one comes that is not whole.
  const int32 = new FoundInt32()
  int32.found(columns.map(({ name }) => ({ name, type: 'int32' })))
  const builder = new BatchBuilder(new Shape({ stage: 'fuzz', int32 }))
  const encoder = new BatchEncoder()
  return Array.from({ length: 1 + dice.int(3) }, () => {
    for (let rows = dice.int(12); rows > 0; rows--) builder.append(anyRow(dice, columns))
    return encoder.encode(builder)
  })
}

function anyRow(dice: Dice, columns: readonly { name: string; value: (dice: Dice) => unknown }[]): Row {
  return Object.fromEntries(columns.map(({ name, value }) => [name, dice.chance(0.2) ? null : value(dice)]))
}
