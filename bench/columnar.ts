/** Rows to a message and back, as columns, against Node's structured clone of the same rows. For information: its floor is 0. */
import { deserialize, serialize } from 'node:v8'
import { BatchBuilder } from '../src/columnar/builder.js'
import { BatchDecoder } from '../src/columnar/decode.js'
import { detach } from '../src/columnar/detach.js'
import { BatchEncoder } from '../src/columnar/encode.js'
import { hashRow } from '../src/columnar/hash.js'
import { keyOfRow } from '../src/columnar/key.js'
import type { Row } from '../src/columnar/schema.js'
import { Shape } from '../src/columnar/shape.js'
import { type Bench, type Figure, figure, interleaved, median, ratios, timed } from './harness.js'

const ROWS = 65_536

const SETS: Readonly<Record<string, (i: number) => Row>> = {
  'ascii-short': (i) => ({ pair: `p ${scramble(i).toString(36)}`, n: i * 1.5 }),
  'ascii-long': (i) => ({ pair: scramble(i).toString(2).padStart(40, 'x'), n: i }),
  'ascii-but-1-percent': (i) => ({ pair: `${i % 100 === 0 ? 'ü' : 'u'} ${scramble(i).toString(36)}`, n: i }),
  cyrillic: (i) => ({ pair: `слово ${i % 5000}`, n: i }),
  text: (i) => ({ text: scramble(i).toString(36) }),
  'each-type-10-percent-null': (i) => ({
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

/** JSON makes flat strings: what a builder gets has mostly been read or compared before. */
function flatRows(make: (i: number) => Row): Row[] {
  const rows = Array.from({ length: ROWS }, (_, i) => make(i))
  for (const row of rows) JSON.stringify(Object.values(row).filter((value) => typeof value === 'string'))
  return rows
}

async function measure(name: string, make: (i: number) => Row, rounds: number): Promise<Figure> {
  const rows = flatRows(make)
  const builder = new BatchBuilder(new Shape({ stage: 'bench' }))
  const encode = (): Uint8Array => {
    for (const row of rows) builder.append(row)
    return new BatchEncoder().encode(builder)
  }
  const message = encode()
  const decode = (bytes = message): Row[] => new BatchDecoder().decode(bytes).rows()
  const decoded = decode()
  const columns = Object.keys(rows[0] as Row)
  const first = columns[0] as string
  const times = await interleaved(rounds, {
    clone: () => timed(() => deserialize(serialize(rows))),
    'encode and decode': () => timed(() => decode(encode())),
    encode: () => timed(encode),
    'decode one column': () => timed(() => readColumn(message, first)),
    'decode rows': () => timed(() => decode()),
    'hash one column': () => timed(() => decoded.forEach((row) => void hashRow(row, [first]))),
    'key of all columns': () => timed(() => decoded.forEach((row) => void keyOfRow(row, columns))),
    'detach one column': () => timed(() => decoded.forEach((row) => void detach(row[first]))),
  })
  const detail = Object.fromEntries(Object.entries(times).map(([what, each]) => [`${what} ms`, median(each)]))
  return figure(name, 'x', ratios(times.clone, times['encode and decode']), { ...detail, 'message bytes': message.length })
}

function readColumn(message: Uint8Array, name: string): unknown[] {
  const batch = new BatchDecoder().decode(message)
  const column = batch.column(name)
  return Array.from({ length: batch.rowCount }, (_, i) => column?.get(i))
}

export const benches: readonly Bench[] = Object.entries(SETS).map(([set, make]) => {
  const name = `columns-${set}`
  return { name, floor: 0, aim: 1, better: 'higher', run: (rounds) => measure(name, make, rounds) }
})
