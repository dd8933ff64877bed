import type { Row } from '../../src/columnar/schema.js'
import type { Op, Rows, Scenario } from './scenario.js'

/** Rows of different members of a leaf stage, and of different leaf stages, have numbers of their own. */
const MEMBER_NUMBERS = 1000

/** Row `index` of the member with this place in its stage: `k` is its key, `v` its number, by which rows are in order. */
export function leafRow(rows: Rows, stage: number, place: number, index: number): Row {
  const v = (index * 8 + place) * 8 + stage
  const length = rows.pad === 0 ? 0 : (v * 7919) % (rows.pad + 1)
  return { k: (v * 31 + place) % rows.keys, v, text: 'x'.repeat(length) + (v % MEMBER_NUMBERS) }
}

/** All rows of one member. */
function leafRows(rows: Rows, stage: number, place: number): Row[] {
  return Array.from({ length: rows.count }, (_none, index) => leafRow(rows, stage, place, index))
}

/** The place of the member that made a row, where every stage passed it on. */
export function placeOf(row: Row): number {
  return ((row.v as number) >> 3) & 7
}

/** What an operator makes of one row; `count` and `semi` are made where all rows are known. */
export function eachRow(op: Op, row: Row): readonly Row[] {
  const v = row.v as number
  switch (op) {
    case 'even':
      return (v >> 6) % 2 === 0 ? [row] : []
    case 'twice':
      return [
        { ...row, v: 2 * v },
        { ...row, v: 2 * v + 1 },
      ]
    default:
      return [row]
  }
}

/** One row for each key, in order of `v`. */
export class Groups {
  private readonly groups = new Map<number, { v: number; n: number }>()

  add(row: Row): void {
    const { k, v } = row as { k: number; v: number }
    const group = this.groups.get(k)
    if (group === undefined) this.groups.set(k, { v, n: 1 })
    else {
      group.v = Math.min(group.v, v)
      group.n++
    }
  }

  rows(): Row[] {
    const rows = [...this.groups].map(([k, { v, n }]) => ({ k, v, text: `${n} rows` }))
    return rows.sort(byNumber)
  }
}

export function byNumber(a: Row, b: Row): number {
  return (a.v as number) - (b.v as number)
}

/** The rows of a stage in a run on one thread, in order. */
function serialStage(scenario: Scenario, index: number): Row[] {
  const { inputs, op, rows } = scenario.stages[index]
  const read = inputs.map(({ stage }) => serialStage(scenario, stage))
  if (op === 'semi') {
    const keys = new Set(read[0].map((row) => row.k))
    return read[1].filter((row) => keys.has(row.k))
  }
  const all = read[0] ?? rows.flatMap((each, place) => leafRows(each, index, place))
  if (op !== 'count') return all.flatMap((row) => eachRow(op, row)).sort(byNumber)
  const groups = new Groups()
  for (const row of all) groups.add(row)
  return groups.rows()
}

/** The result of a run on one thread, in order. */
export function serialRows(scenario: Scenario): Row[] {
  return serialStage(scenario, scenario.stages.length - 1)
}
