import type { Row, RunnableFlow, RunningFlow, RunOptions, RunStats } from '../../../src/cli/load.js'

export interface FakeFlow extends RunnableFlow {
  plan(): Promise<unknown>
  /** The options of every run, and whether each was disposed. */
  readonly runs: { readonly options: RunOptions; disposed: boolean; signalReason: unknown }[]
}

interface Script {
  /** Called for every run; leaving the loop calls its `finally`. */
  rows(options: RunOptions): Iterable<Row> | AsyncIterable<Row>
  readonly stats?: Partial<RunStats>
  readonly limit?: number
  readonly runs?: FakeFlow['runs']
}

const STATS: RunStats = {
  workers: 2,
  rowsIn: 1234567,
  bytesIn: 45_600_000,
  rowsOut: 3,
  rowsSkipped: 0,
  splitsDone: 7,
  spilledBytes: 0,
  elapsedMs: 2500,
}

/** Settles with the next row, or rejects as soon as the signal aborts. */
async function* until(signal: AbortSignal | undefined, rows: Iterable<Row> | AsyncIterable<Row>, limit: number): AsyncGenerator<Row> {
  const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
  aborted.catch(() => {})
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
  try {
    for (let count = 0; count < limit; count++) {
      const result = await Promise.race([iterator.next(), aborted])
      if (result.done) return
      yield result.value
    }
  } finally {
    void iterator.return?.()
  }
}

/** An object with the functions of a flow, which the command takes for one. */
export function fakeFlow(script: Script): FakeFlow {
  const runs = script.runs ?? []
  return {
    runs,
    plan: async () => ({}),
    explain: async () => 'read lines\nsort n desc',
    limit: (rows) => fakeFlow({ ...script, limit: Math.min(rows, script.limit ?? Number.POSITIVE_INFINITY), runs }),
    run(options): RunningFlow {
      const entry: FakeFlow['runs'][number] = { options, disposed: false, signalReason: undefined }
      options.signal?.addEventListener('abort', () => {
        entry.signalReason = options.signal?.reason
      })
      runs.push(entry)
      return {
        [Symbol.asyncIterator]: () => until(options.signal, script.rows(options), script.limit ?? Number.POSITIVE_INFINITY),
        stats: () => ({ ...STATS, ...script.stats }),
        [Symbol.asyncDispose]: async () => {
          entry.disposed = true
        },
      }
    },
  }
}
