import type { Ctx, SetupCtx } from 'millrace/flow'

export * from './basic.js'
export { endless, isRare } from './endless.js'
export { mapThrows } from './failing.js'

/** Changes the row that it is given, also inside. */
export function changes<R extends { group: string; tags: number[] }>(row: R): R {
  row.group = 'changed'
  row.tags.push(-1)
  return row
}

/** Gives one and the same object for every row. */
const reused: Record<string, unknown> = {}
export function reuses<R extends object>(row: R): R {
  return Object.assign(reused, row) as R
}

/** Where the row came from. */
export function placed(row: { id: number }, ctx: Ctx<{ mark: string }>): { id: number; mark: string; at: string } {
  return { id: row.id, mark: ctx.params.mark, at: `${ctx.source?.offset} ${ctx.splitId}` }
}

/** Two thirds of a kilobyte. */
export function wide<R extends object>(row: R): R & { text: string } {
  return { ...row, text: 'x'.repeat(700) }
}

/** Fails the first time that it is called for a certain row. */
export function failsOnce(row: { id: number }, ctx: Ctx<unknown, { hasFailed: boolean }>): { id: number } {
  if (row.id !== 999 || ctx.state.hasFailed) return row
  ctx.state.hasFailed = true
  throw new Error('row 999')
}

export function beforeFailing(): { hasFailed: boolean } {
  return { hasFailed: false }
}

/** What has begun in this worker, by the number of the run. */
const runs = new Map<number, { readonly begun: Promise<void>; readonly begin: () => void }>()

function runOf(number: number): { readonly begun: Promise<void>; readonly begin: () => void } {
  let run = runs.get(number)
  if (run === undefined) {
    let begin = (): void => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    run = { begun, begin }
    runs.set(number, run)
  }
  return run
}

/** Says that it has begun, and when it is stopped that it has ended. */
export function* begins(_line: object, ctx: Ctx<{ run: number }>): Generator<{ n: number }> {
  try {
    for (let n = 0; ; n++) {
      runOf(ctx.params.run).begin()
      yield { n }
    }
  } finally {
    ctx.log('info', { made: 1 })
  }
}

/** A setup that fails when that has begun in the same worker. */
export async function failsThen(ctx: SetupCtx<{ run: number }>): Promise<void> {
  await runOf(ctx.params.run).begun
  throw new Error('no dictionary')
}

export function passed(row: { n: number }, _ctx: Ctx<{ run: number }, void>): { n: number } {
  return row
}
