import { type Columns, type Ctx, type Flow, flow, lines } from 'millrace/flow'

type Line = { text: string }

/** Rounds over a text, each with what the one before gave: some 13 us of work in plain TypeScript that no optimizer takes away. */
const ROUNDS = 300

/** What a row function of the user's may cost: parsing, scoring, comparing. A 32-bit number. */
export function mixedOf(text: string, rounds: number = ROUNDS): number {
  let mixed = text.length
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < text.length; i++) {
      mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x85eb_ca6b)
      mixed ^= mixed >>> 13
    }
  }
  return mixed
}

export function scored({ text }: Line): { bucket: number; score: number } {
  const mixed = mixedOf(text)
  return { bucket: mixed & 0xff, score: mixed >>> 8 }
}

export interface Bucket {
  bucket: number
  n: number
  best: number | null
}

export function scores(pattern: string): Flow<Bucket> {
  return flow(import.meta.url)
    .read(lines(pattern))
    .map(scored)
    .groupBy('bucket', (a) => ({ n: a.count(), best: a.max('score') }))
}

export type Item = { id: number; name: string; value: number; on: boolean }

export function itemOf(id: number): Item {
  return { id, name: `item ${id % 1000}`, value: id / 8, on: id % 2 === 0 }
}

/** Reads every value of every row, as one would who needs them. */
export function tallied(rows: readonly Item[]): { rows: number; sum: number }[] {
  let sum = 0
  for (const { id, name, value, on } of rows) sum += id + name.length + value + Number(on)
  return [{ rows: rows.length, sum }]
}

/** Rows of one call. */
const ITEMS = 1000

/** Which rows are to be made, so many at once. */
export function* ranges({ text }: Line): Generator<{ from: number; to: number }> {
  const rows = Number(text)
  for (let from = 0; from < rows; from += ITEMS) yield { from, to: Math.min(rows, from + ITEMS) }
}

/** Keys of rows made on worker 1 and 2 that belong on the other of the two: `talliedColumns` counts those that went there. */
const OTHER = [-1, 0, 2]

/** The items of a range, as `itemOf` makes them, and a key that sends them to the other worker. */
export function itemColumns(
  { from, to }: Columns<{ from: number; to: number }>,
  { worker }: Ctx,
): {
  key: Float64Array
  id: Float64Array
  name: string[]
  value: Float64Array
  on: boolean[]
} {
  const [first, rows] = [from[0], to[0] - from[0]]
  const columns = {
    key: new Float64Array(rows).fill(OTHER[worker]),
    id: new Float64Array(rows),
    name: new Array<string>(rows),
    value: new Float64Array(rows),
    on: new Array<boolean>(rows),
  }
  for (let i = 0; i < rows; i++) {
    const id = first + i
    columns.id[i] = id
    columns.name[i] = `item ${id % 1000}`
    columns.value[i] = id / 8
    columns.on[i] = id % 2 === 0
  }
  return columns
}

export interface Tally {
  rows: number
  sum: number
  /** Rows that came from the other worker. */
  tripped: number
}

export function talliedColumns(
  { key, id, name, value, on }: Columns<Item & { key: number }>,
  { worker }: Ctx,
): { [C in keyof Tally]: number[] } {
  let [sum, tripped] = [0, 0]
  for (let i = 0; i < id.length; i++) {
    sum += id[i] + name[i].length + value[i] + Number(on[i])
    if (key[i] !== OTHER[worker]) tripped++
  }
  return { rows: [id.length], sum: [sum], tripped: [tripped] }
}

/** Rows made on each worker, all of which go to the other. */
export function exchanged(file: string): Flow<Tally> {
  return flow(import.meta.url)
    .read(lines(file))
    .flatMap(ranges)
    .mapColumns(itemColumns, { rows: 1 })
    .exchange.hash('key')
    .mapColumns(talliedColumns)
}

/** When this worker worked last, in ms since the epoch. */
let workedMs = 0

/** Rows without end, each of some 100 us. */
export function* endless({ text }: Line): Generator<{ text: string; n: number }> {
  for (let n = 0; ; n++) {
    const until = performance.now() + 0.1
    while (performance.now() < until);
    workedMs = performance.timeOrigin + performance.now()
    yield { text, n }
  }
}

export function lastWork(): { workedMs: number }[] {
  return [{ workedMs }]
}

export function streamed(file: string): Flow<{ text: string; n: number }> {
  return flow(import.meta.url)
    .read(lines(file))
    .flatMap(endless)
}

/** Of each worker. */
export function lastWorks(file: string): Flow<{ workedMs: number }> {
  return flow(import.meta.url)
    .read(lines(file))
    .exchange.broadcast()
    .mapBatches(lastWork)
}

export function isLong({ text }: Line, { params }: Ctx<{ min: number }>): boolean {
  return text.length >= params.min
}

export function sized({ text }: Line): { size: number } {
  return { size: text.length }
}

export function sizes(pattern: string): Flow<{ size: number; n: number }> {
  return flow(import.meta.url)
    .read(lines(pattern))
    .filter(isLong, { params: { min: 1 } })
    .map(sized)
    .groupBy('size', (a) => ({ n: a.count() }))
}
