import type { Ctx } from 'millrace/flow'

export { isEven, repeated, same, tagged } from '../flow-run/stages/basic.js'

type At = Ctx<{ at: number }>

export function throwsAt(row: { id: number }, ctx: At): { id: number } {
  if (row.id === ctx.params.at) throw new RangeError(`row ${row.id}`)
  return row
}

export function exitsAt(row: { id: number }, ctx: At): { id: number } {
  if (row.id === ctx.params.at) process.exit(6)
  return row
}

/** Now and then a row takes longer than a slice of work. */
export function toils(row: { id: number }): { id: number } {
  let sum = 0
  if (row.id % 500 === 0) for (let n = 0; n < 1e6; n++) sum += n % 3
  return sum < 0 ? { id: sum } : row
}
