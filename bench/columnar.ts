import { BatchBuilder } from '../src/columnar/builder.js'
import { BatchDecoder } from '../src/columnar/decode.js'
import { detach } from '../src/columnar/detach.js'
import { BatchEncoder } from '../src/columnar/encode.js'
import { hashRow } from '../src/columnar/hash.js'
import { keyOfRow } from '../src/columnar/key.js'
import type { Row } from '../src/columnar/schema.js'
import { Shape } from '../src/columnar/shape.js'

// Rows to columns and back: `node dist/bench/columnar.js`. Each figure is the median of 21 rounds over 65,536 rows, in ms.

const ROWS = 65_536
const ROUNDS = 21

const SETS: Record<string, (i: number) => Row> = {
  '{ pair, n }, 5 to 13 ASCII chars': (i) => ({ pair: `p ${scramble(i).toString(36)}`, n: i * 1.5 }),
  '{ pair, n }, 40 ASCII chars': (i) => ({ pair: scramble(i).toString(2).padStart(40, 'x'), n: i }),
  '{ pair, n }, 1 in 100 not ASCII': (i) => ({ pair: `${i % 100 === 0 ? 'ü' : 'u'} ${scramble(i).toString(36)}`, n: i }),
  '{ pair, n }, Cyrillic': (i) => ({ pair: `слово ${i % 5000}`, n: i }),
  'text alone': (i) => ({ text: scramble(i).toString(36) }),
  'one of each type, 1 in 10 null': (i) => ({
    f: i % 10 === 0 ? null : i / 3,
    b: i % 2 === 0,
    s: i % 10 === 1 ? null : `s${i}`,
    i: BigInt(i),
    t: new Date(i * 1e6),
  }),
}

function scramble(i: number): number {
  return Math.imul(i, 0x9e37_79b1) >>> 0
}

function median(work: () => void): string {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
  return (times.sort((a, b) => a - b)[ROUNDS >> 1] as number).toFixed(2).padStart(7)
}

for (const [name, make] of Object.entries(SETS)) {
  // JSON makes flat strings: what a builder gets has mostly been read or compared before.
  const rows = Array.from({ length: ROWS }, (_, i) => make(i))
  for (const row of rows) JSON.stringify(Object.values(row).filter((value) => typeof value === 'string'))
  const builder = new BatchBuilder(new Shape({ stage: 'bench' }))
  const encode = (): Uint8Array => {
    for (let i = 0; i < ROWS; i++) builder.append(rows[i] as Row)
    return new BatchEncoder().encode(builder)
  }
  const message = encode()
  const columns = Object.keys(rows[0] as Row)
  const keys = columns.slice(0, 1)
  const key = keys[0] as string
  const decode = (): Row[] => new BatchDecoder().decode(message).rows()
  const decoded = decode()
  console.log(`${name}: ${message.length} bytes`)
  console.log(`  build and encode       ${median(encode)}`)
  console.log(`  decode                 ${median(() => new BatchDecoder().decode(message))}`)
  console.log(`  decode, first column   ${median(() => readColumn(message, key))}`)
  console.log(`  decode, keep all rows  ${median(decode)}`)
  console.log(`  decode, row by row     ${median(() => void countRows(message))}`)
  console.log(`  hash first column      ${median(() => decoded.forEach((row) => void hashRow(row, keys)))}`)
  console.log(`  key of all columns     ${median(() => decoded.forEach((row) => void keyOfRow(row, columns)))}`)
  console.log(`  detach first column    ${median(() => decoded.forEach((row) => void detach(row[key])))}`)
}

function readColumn(message: Uint8Array, name: string): unknown[] {
  const batch = new BatchDecoder().decode(message)
  const values = new Array<unknown>(batch.rowCount)
  const column = batch.column(name)
  for (let i = 0; i < values.length; i++) values[i] = column?.get(i)
  return values
}

function countRows(message: Uint8Array): number {
  const batch = new BatchDecoder().decode(message)
  let count = 0
  for (let i = 0; i < batch.rowCount; i++) if (batch.row(i)) count++
  return count
}
