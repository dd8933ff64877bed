import { cpus, type } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** One thing that is measured. `floor` is what must be reached, `aim` what should be. */
export interface Bench {
  readonly name: string
  readonly floor: number
  readonly aim: number
  readonly better: 'higher' | 'lower'
  run(rounds: number): Promise<Figure>
}

export interface Figure {
  readonly name: string
  /** The median of the rounds. */
  readonly ratio: number
  /** The least and the greatest of the rounds. */
  readonly spread: readonly [number, number]
  /** `x` where it is a ratio. */
  readonly unit: string
  /** What stands behind it, such as the times of both sides. */
  readonly detail: Readonly<Record<string, number | string>>
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >>> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** A figure from one value per round. */
export function figure(name: string, unit: string, values: readonly number[], detail: Figure['detail'] = {}): Figure {
  return { name, ratio: median(values), spread: [Math.min(...values), Math.max(...values)], unit, detail }
}

let collect: (() => void) | undefined

/** What one side left behind must not be cleared away on the time of the other. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

/** Milliseconds that `work` takes, on a heap without garbage. */
export async function timed(work: () => unknown): Promise<number> {
  collectGarbage()
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** For what is measured once it is warm: in a flow's first runs V8 compiles beside the workers, on the same cores, and hardly after the fourth. */
export const FLOW_WARM_UPS = 4

type Results<C> = { readonly [N in keyof C]: number[] }

/**
 * Runs every contender once per round, A B A B, after a round, or more, that does not count; returns what each gave, by round.
 * A contender returns its own measurement.
 */
export async function interleaved<C extends Readonly<Record<string, () => Promise<number>>>>(
  rounds: number,
  contenders: C,
  warmUps = 1,
): Promise<Results<C>> {
  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]])) as Results<C>
  for (let round = 0; round < warmUps + rounds; round++) {
    for (const name of Object.keys(contenders) as (keyof C)[]) {
      const value = await (contenders[name] as () => Promise<number>)()
      if (round >= warmUps) results[name].push(value)
    }
  }
  return results
}

/** Round by round: `over[i] / under[i]`. */
export function ratios(over: readonly number[], under: readonly number[]): number[] {
  return over.map((value, round) => value / (under[round] as number))
}

export function holds(bench: Bench, figure: Figure, limit: 'floor' | 'aim'): boolean {
  return bench.better === 'higher' ? figure.ratio >= bench[limit] : figure.ratio <= bench[limit]
}

/** What the figures were measured on. */
export function machine(): string {
  const all = cpus()
  return `${all[0]?.model.trim() ?? 'unknown processor'}, ${all.length} cores, ${type()} ${process.arch}, Node.js ${process.versions.node}`
}
