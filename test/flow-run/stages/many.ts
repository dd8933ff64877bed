import type { Ctx } from 'millrace/flow'

/** Many rows of one line, all with the same key. */
export function* oneKey(_line: unknown, ctx: Ctx<{ rows: number }>): Generator<{ key: string; n: number }> {
  for (let n = 0; n < ctx.params.rows; n++) yield { key: 'the one', n }
}

/** Many rows, each with a key of its own and some text. */
export function* manyKeys(_line: unknown, ctx: Ctx<{ rows: number }>): Generator<{ key: number; text: string }> {
  for (let key = 0; key < ctx.params.rows; key++) yield { key, text: `some text of row ${key}` }
}

/** Rows of one key, then rows of all keys: whoever waits for the others waits for all of the one. */
export function* oneThenAll(line: { text: string }, ctx: Ctx<{ rows: number }>): Generator<{ key: string; n: number }> {
  for (let n = 0; n < ctx.params.rows; n++) yield { key: line.text, n }
  for (let n = 0; n < 100; n++) yield { key: `${n}`, n }
}

/** As costly as real work, about 20 us. */
export function slowly(row: { key: string; n: number }): { key: string; n: number } {
  let hash = row.n
  for (let turn = 0; turn < 15_000; turn++) hash = Math.imul(hash ^ turn, 0x0100_0193)
  return hash === 0.5 ? { key: '', n: 0 } : row
}
