import { closeSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lines, readBatches } from 'millrace/flow'
import { type Bench, figure, interleaved, median, ratios } from './harness.js'
import { costly, firstTen, isKept, openTally, type TallyCtx, WANTED } from './limit.stages.js'

const WORKERS = 2
const ROWS = 400_000

interface Files {
  readonly numbers: string
  readonly tally: string
}

/** Rows mapped since the last call. */
function mapped({ tally }: Files, work: () => Promise<number>): () => Promise<number> {
  return async () => {
    writeFileSync(tally, '')
    const rows = await work()
    if (rows !== WANTED) throw new Error(`limit: ${rows} rows came out, not ${WANTED}`)
    return statSync(tally).size
  }
}

/** What a plain loop does: it stops at the tenth row that is kept. */
async function inOneThread({ numbers, tally }: Files): Promise<number> {
  const state = openTally({ params: { tally } })
  let rows = 0
  for await (const batch of readBatches(lines(numbers))) {
    for (const line of batch) {
      if (isKept(costly(line, { state } as TallyCtx)) && ++rows === WANTED) break
    }
    if (rows === WANTED) break
  }
  closeSync(state)
  return rows
}

async function measure(rounds: number, files: Files): Promise<{ single: number[]; flow: number[] }> {
  writeFileSync(files.numbers, Array.from({ length: ROWS }, (_, index) => `${index}\n`).join(''))
  return interleaved(rounds, {
    single: mapped(files, () => inOneThread(files)),
    flow: mapped(files, async () => (await firstTen(files.numbers, files.tally).run({ workers: WORKERS }).collect()).length),
  })
}

export const benches: readonly Bench[] = [
  {
    name: 'limit',
    floor: 2,
    aim: 1.1,
    better: 'lower',
    async run(rounds) {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-limit-'))
      try {
        const { single, flow } = await measure(rounds, { numbers: join(folder, 'numbers.txt'), tally: join(folder, 'tally') })
        return figure('limit', 'x', ratios(flow, single), {
          workers: WORKERS,
          'rows mapped by one thread': median(single),
          'by the flow': median(flow),
        })
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  },
]
