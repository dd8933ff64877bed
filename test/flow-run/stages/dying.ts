import type { Ctx } from '../../../src/flow.js'

export function exits(row: { text: string }, ctx: Ctx<{ at: string }>): { text: string } {
  if (row.text === ctx.params.at) process.exit(7)
  return row
}

export function fillsHeap(row: { text: string }): { text: string } {
  const kept: string[][] = []
  for (;;) kept.push(Array.from({ length: 10_000 }, (_none, index) => `${index}${row.text}`))
}

export function throwsLater(row: { text: string }, ctx: Ctx<{ at: string }>): { text: string } {
  if (row.text === ctx.params.at) {
    setImmediate(() => {
      throw new RangeError('later')
    })
  }
  return row
}
