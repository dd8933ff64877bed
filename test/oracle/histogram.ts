import type { Outcome } from './lab.js'
import { OPS, type Op } from './operators.js'
import { PAIRS, type Program } from './program.js'

/** What has been in the programs that were run. */
export class Histogram {
  readonly operators = new Map<string, number>(OPS.map((op) => [op, 0]))
  readonly pairs = new Map<string, number>(PAIRS.map(([first, second]) => [pairName(first, second), 0]))
  /** Of keys by type, of aggregates by function and type, of runs by their way. */
  readonly others = new Map<string, number>()
  /** Uses of keys that were null, steps that met no rows, runs that wrote to disk. */
  nullKeys = 0
  emptyInputs = 0
  spills = 0
  programs = 0

  add({ way, source }: Program, { compiled, counts, hadNullKey, spilledBytes }: Outcome): void {
    const { steps, keys, aggregates } = compiled
    for (const [index, { op, input }] of steps.entries()) {
      count(this.operators, op)
      if (index > 0) count(this.pairs, pairName(steps[index - 1].op, op))
      if (counts.get(input) === 0) this.emptyInputs++
    }
    for (const kind of keys.flatMap(({ kinds }) => kinds)) count(this.others, `key ${kind}`)
    for (const aggregate of aggregates) count(this.others, aggregate)
    for (const what of [
      `${way.workers} workers`,
      `rings ${way.ringBytes ?? 'default'}`,
      `memory ${way.memoryBytes ?? 'default'}`,
      source.format,
    ])
      count(this.others, what)
    this.nullKeys += hadNullKey.filter(Boolean).length
    this.spills += Number(spilledBytes > 0)
    this.programs++
  }

  toString(): string {
    const counts = (map: ReadonlyMap<string, number>): string => [...map].map(([name, times]) => `${name} ${times}`).join(', ')
    const pairs = [...this.pairs.values()]
    const never = [...this.pairs].filter(([, times]) => times === 0).map(([pair]) => pair)
    return [
      `${this.programs} flows`,
      `operators: ${counts(this.operators)}`,
      `pairs: ${pairs.length - never.length} of ${pairs.length}, each ${Math.min(...pairs)} to ${Math.max(...pairs)} times`,
      ...(never.length > 0 && never.length < 10 ? [`never: ${never.join('; ')}`] : []),
      `types and ways: ${counts(new Map([...this.others].sort()))}`,
      `null keys ${this.nullKeys}, empty inputs ${this.emptyInputs}, runs that wrote to disk ${this.spills}`,
    ].join('\n')
  }
}

function pairName(first: Op, second: Op): string {
  return `${first}, ${second}`
}

function count(map: Map<string, number>, name: string): void {
  map.set(name, (map.get(name) ?? 0) + 1)
}
