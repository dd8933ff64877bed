import type { Ctx } from 'millrace/flow'

type Row = { id: number; key: string }

export function refusesTens(row: Row): Row {
  if (row.id % 10 === 0) throw new RangeError(`ten ${row.id}`)
  return row
}

export async function refusesFives(row: Row): Promise<Row> {
  await null
  if (row.id % 5 === 0) throw Object.assign(new Error('five'), { code: 'FIVE' })
  return row
}

export function spinsAt(row: Row, ctx: Ctx<{ at: number }>): Row {
  while (row.id === ctx.params.at);
  return row
}

/** Answers after the others that began with it, but for the first of each. */
export async function answers(row: Row, ctx: Ctx): Promise<Row & { offset: number }> {
  if (row.id % 4 !== 0) await new Promise((resolve) => setImmediate(resolve))
  return { ...row, offset: ctx.source?.offset ?? -1 }
}

/** Never, unless nobody waits for it any more. */
export function hangs(row: Row, ctx: Ctx): Promise<Row> {
  return new Promise((resolve) => ctx.signal.addEventListener('abort', () => resolve(row)))
}

export function* ranks(rows: Iterable<Row>, ctx: Ctx<{ most: number }>): Generator<Row & { rank: number }> {
  let rank = 0
  for (const row of rows) {
    if (rank === ctx.params.most) return
    yield { ...row, rank: rank++ }
  }
}

export function attempts(): Map<string, number> {
  return new Map()
}

/** Fails near the end of each split, the first time. */
export function failsOnce(row: Row, ctx: Ctx<{ times: number }, Map<string, number>>): Row {
  const split = ctx.splitId ?? ''
  const tried = ctx.state.get(split) ?? 0
  if (row.id % 400 < 4 && row.id > 1500 && tried < ctx.params.times) {
    ctx.state.set(split, tried + 1)
    throw new Error('not yet')
  }
  return row
}
