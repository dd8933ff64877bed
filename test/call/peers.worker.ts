import { once } from 'node:events'
import { serve } from '../../src/index.js'

interface Served {
  count(input: { to: number }): Generator<number>
  worker(): number
  exit(): never
  untilLeft(): Promise<unknown>
  sumOf(input: { of: number; to: number }): Promise<number>
}

export default serve({
  *count({ to }: { to: number }): Generator<number> {
    for (let n = 1; n <= to; n++) yield n
  },
  worker: (_input: undefined, { worker }): number => worker,
  exit: (): never => process.exit(5),
  untilLeft: (_input: undefined, { signal }): Promise<unknown> => once(signal, 'abort'),
  others: (_input: undefined, { peers }): Promise<readonly number[]> => peers.ids(),
  /** Asks another worker, which may be this one, and hands the sum on. */
  async sumOf({ of, to }: { of: number; to: number }, { peers }): Promise<number> {
    let sum = 0
    for await (const n of peers.on<Served>(of).count({ to })) sum += n
    return sum
  },
  /** A stream of one worker read by another and given to the caller. */
  async *relay({ through, to }: { through: readonly number[]; to: number }, { peers }): AsyncGenerator<number> {
    const [next, ...rest] = through
    if (next === undefined) for (let n = 1; n <= to; n++) yield n
    else yield* peers.on<{ relay(input: { through: readonly number[]; to: number }): Generator<number> }>(next).relay({ through: rest, to })
  },
  workerOf: ({ of }: { of: number }, { peers }): Promise<number> => peers.on<Served>(of).worker(),
  kill: ({ who }: { who: number }, { peers }): Promise<never> => peers.on<Served>(who).exit(),
  /** Opens more calls than there may be. */
  async crowd({ who }: { who: number }, { peers, signal }): Promise<string> {
    const calls = Array.from({ length: 1025 }, () =>
      peers
        .on<Served>(who)
        .untilLeft(undefined, { signal })
        .catch((error: { code: string }) => error.code),
    )
    return String(await Promise.race(calls))
  },
})
