import type { Ctx } from 'millrace/flow'

export function exits(row: { text: string }, ctx: Ctx<{ at: string }>): { text: string } {
  if (row.text === ctx.params.at) process.exit(7)
  return row
}

/** By small objects: where one large allocation finds no room, V8 may end the whole process instead of the thread. */
export function fillsHeap(row: { text: string }): { text: string } {
  let kept: object = row
  for (;;) kept = { kept }
}

export function throwsLater(row: { text: string }, ctx: Ctx<{ at: string }>): { text: string } {
  if (row.text === ctx.params.at) {
    setImmediate(() => {
      throw new RangeError('later')
    })
  }
  return row
}
