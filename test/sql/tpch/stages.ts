import type { Ctx } from 'millrace/flow'

/** What a line brings, by a key, and which worker says so. */
export type Priced = { key: string; revenue: number; charge: number; worker: number }

export function priced(row: { key: string; price: number; discount: number; tax: number }, ctx: Ctx): Priced {
  const revenue = row.price * (1 - row.discount)
  return { key: row.key, revenue, charge: revenue * (1 + row.tax), worker: ctx.worker }
}
