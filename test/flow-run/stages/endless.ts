import type { Ctx } from 'millrace/flow'

/** One line makes rows without end; what was made is logged when it stops. */
export function* endless(line: { text: string }, ctx: Ctx): Generator<{ n: number; worker: number }> {
  let n = 0
  try {
    for (;;) yield { n: n++, worker: ctx.worker }
  } finally {
    ctx.log('info', { made: n, cancelled: ctx.cancelled, aborted: ctx.signal.aborted, text: line.text })
  }
}

/** Tells that it begins, works for a while, and then gives nothing and looks whether anybody still wants something. */
export function waits(line: { text: string }, ctx: Ctx): { n: number }[] {
  if (line.text === 'begin') ctx.log('info', { waits: true })
  if (line.text === 'work') costly({ n: 1 })
  if (line.text !== 'wait') return []
  let looks = 0
  while (!ctx.cancelled) looks++
  ctx.log('info', { looks })
  return []
}

/** As costly as real work, about 100 us. */
export function costly(row: { n: number }): { n: number; hash: number } {
  let hash = row.n
  for (let turn = 0; turn < 80_000; turn++) hash = Math.imul(hash ^ turn, 0x0100_0193)
  return { n: row.n, hash }
}

export function isRare(row: { n: number }): boolean {
  return row.n % 43 === 0
}

/** Rows of about a kilobyte. */
export function wide(row: { n: number }): { n: number; text: string } {
  return { n: row.n, text: `${row.n} `.padEnd(1000, 'x') }
}

export function slowSetup(ctx: { log(level: 'info', object: unknown): void }): Promise<never> {
  ctx.log('info', { setup: true })
  return new Promise(() => {})
}

export function withState(row: object, _ctx: Ctx<unknown, number>): object {
  return row
}

export function single(row: object): object {
  return row
}

/** Without end, and when it is stopped it throws. */
export function* throwsWhenStopped(): Generator<{ n: number }> {
  try {
    for (let n = 0; ; n++) yield { n }
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: what such a generator does is what the test is about
    throw new Error('nobody wants to know')
  }
}
