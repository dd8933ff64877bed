import { readFileSync } from 'node:fs'
import type { Ctx, SetupCtx } from 'millrace/flow'

export type Entry = { id: number; text: string }
export type Worked = { id: number; text: string | null; half: number; at: Date }
type Params = { orders: string }

/** What is to go wrong is in a file, so that a run that fails and the one that goes on have the same parameters. */
export type Orders = { fails?: number; kills?: number; tells?: number; waits?: number }

export function orders({ params }: SetupCtx<Params>): Orders {
  return JSON.parse(readFileSync(params.orders, 'utf8')) as Orders
}

export function worked({ id, text }: Entry, ctx: Ctx<Params, Orders>): Worked {
  const { state } = ctx
  if (state.fails === id) throw new Error(`row ${id}`)
  if (state.kills === id) process.kill(process.pid, 'SIGKILL')
  if (state.tells === id) ctx.log('info', 'here')
  if (state.waits === id) while (!ctx.cancelled);
  return { id, text: id % 5 === 0 ? null : text, half: id / 2, at: new Date(id) }
}

/** A change of `worked`. */
export function workedAnew(entry: Entry, ctx: Ctx<Params, Orders>): Worked {
  return worked(entry, ctx)
}

export function even({ id }: { id: number }): boolean {
  return id % 2 === 0
}

export function* twice(row: Worked): Generator<Worked> {
  yield row
  yield row
}

export function batched(rows: Worked[]): Worked[] {
  return rows
}

export async function later(row: Worked): Promise<Worked> {
  return row
}

export function odd({ id }: Entry): Entry {
  if (id % 2 === 0) throw new Error('an even one')
  return { id, text: '' }
}

export function tooLarge({ id }: { id: number }): boolean {
  return id > 1e9
}
