import { inspect } from 'node:util'
import type { StallReport } from 'millrace'
import { seeded } from '../support/test-loop.js'

/** Seconds that an operation may take: a hang beyond. They are counted, so that a process that was stopped and goes on hangs nobody. */
const DEADLINE_S = 120
const STALL_MS = 10_000

interface Operation {
  readonly name: string
  seconds: number
}

/** Numbers from one seed. */
export interface Dice {
  below(max: number): number
  chance(of: number): boolean
  pick<T>(from: readonly T[]): T
}

export function dice(seed: number): Dice {
  const random = seeded(seed)
  const below = (max: number) => Math.floor(random() * max)
  return { below, chance: (of) => random() < of, pick: (from) => from[below(from.length)] }
}

/** Counts what is done and how it ended; ends the process at a hang, a wrong answer or an error that nobody expected. */
export class Soak {
  readonly done: Record<string, number> = { queries: 0, calls: 0, pools: 0 }
  readonly errors: Record<string, number> = {}
  readonly stallOptions: { stallMs: number; onStall: (report: StallReport) => void } = {
    stallMs: STALL_MS,
    onStall: (report) => {
      this.stalls++
      this.lastStall = report.text
    },
  }
  stalls = 0
  private lastStall = 'no stall was told'
  private readonly open = new Set<Operation>()
  private readonly watch: NodeJS.Timeout

  constructor(
    private readonly seed: number,
    private readonly endsMs: number,
  ) {
    this.watch = setInterval(() => this.second(), 1000)
  }

  get isOver(): boolean {
    return performance.now() >= this.endsMs
  }

  /** One operation. It resolves when its answer was right, and rejects with a code that is in `expected`; all else ends the soak. */
  async attempt(kind: 'queries' | 'calls' | 'pools', name: string, expected: readonly string[], body: () => Promise<void>): Promise<void> {
    const operation = { name, seconds: 0 }
    this.open.add(operation)
    try {
      await body()
    } catch (error) {
      const { code, name: type } = (error ?? {}) as { code?: unknown; name?: unknown }
      const told = String(code ?? type)
      if (!expected.includes(told)) this.fail(`${name}: ${inspect(error, { depth: 4 })}\nexpected: ${expected.join(', ') || 'no error'}`)
      this.errors[told] = (this.errors[told] ?? 0) + 1
    }
    this.open.delete(operation)
    this.done[kind]++
  }

  fail(why: string): never {
    console.error(`soak failed, seed ${this.seed}: ${why}\nopen: ${[...this.open].map(({ name }) => name).join('; ')}`)
    console.error(`last stall: ${this.lastStall}`)
    process.exit(1)
  }

  stop(): void {
    clearInterval(this.watch)
  }

  private second(): void {
    for (const operation of this.open) {
      operation.seconds++
      if (operation.seconds > DEADLINE_S) this.fail(`a hang: ${operation.name} took ${DEADLINE_S} s`)
    }
  }
}

/** Some turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
