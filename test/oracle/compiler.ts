import { Dice } from '../fuzz/dice.js'
import { columnsOf, type Dataset, datasetName, readDataset } from './dataset.js'
import type { Engine } from './engine.js'
import type { Maker } from './maker.js'
import { APPLY, type Op } from './operators.js'
import type { Program, Right, Step } from './program.js'
import type { Table } from './table.js'

/** Columns of a table that a step compares. */
export interface KeyUse {
  readonly table: string
  readonly columns: readonly string[]
  readonly kinds: readonly string[]
}

/** A program as a flow and as SQL. */
export interface Compiled {
  readonly table: Table
  /** Tables by name with the query of each, over datasets and the tables before it. */
  readonly tables: ReadonlyMap<string, string>
  /** What was done of the program, with the table that each step met. */
  readonly steps: readonly { readonly op: Op; readonly input: string }[]
  readonly keys: readonly KeyUse[]
  /** `sum number` and the like. */
  readonly aggregates: readonly string[]
}

/** Makes flows and the SQL beside them. */
class Compiler implements Maker {
  readonly tables = new Map<string, string>()
  readonly steps: { op: Op; input: string }[] = []
  readonly keyUses: KeyUse[] = []
  readonly aggregates: string[] = []
  #names = 0

  constructor(
    readonly engine: Engine,
    readonly stages: URL,
    readonly folder: string,
  ) {}

  fresh(): string {
    return `c${this.#names++}`
  }

  create(query: string): string {
    const name = `t${this.#names++}`
    this.tables.set(name, query)
    return name
  }

  keys({ name, columns }: Table, keys: readonly string[]): void {
    this.keyUses.push({ table: name, columns: keys, kinds: columns.filter((each) => keys.includes(each.name)).map(({ kind }) => kind) })
  }

  aggregate(fn: string, kind: string): void {
    this.aggregates.push(`${fn} ${kind}`)
  }

  read(dataset: Dataset): Table {
    return {
      job: readDataset(this.engine, this.stages, dataset, this.folder),
      name: datasetName(dataset),
      columns: columnsOf(dataset),
      order: undefined,
      bound: undefined,
      rounded: new Set(),
    }
  }

  program({ source, steps }: Program): Table {
    let table = this.read(source)
    for (const [index, step] of steps.entries()) {
      const next = this.#apply(table, step, index === steps.length - 1, step.right)
      if (next === undefined) continue
      this.steps.push({ op: step.op, input: table.name })
      table = next
      if (table.bound?.groups !== undefined) break
    }
    return table
  }

  /** All that is joined with a flow is known: a step that would leave open which rows there are is left out. */
  #right({ source, steps }: Right): Table {
    const none: Right = { source, steps: [], isLarge: false }
    return steps.reduce((table, step) => {
      const next = this.#apply(table, step, false, none)
      return next === undefined || next.bound !== undefined ? table : next
    }, this.read(source))
  }

  #apply(table: Table, { op, seed }: Omit<Step, 'right'>, isLast: boolean, right: Right): Table | undefined {
    const dice = new Dice(seed, 3)
    return APPLY[op](this, table, { dice, isLast, right: () => this.#right(right), byNumber: right.isLarge })
  }
}

export function compile(engine: Engine, stages: URL, folder: string, program: Program): Compiled {
  const compiler = new Compiler(engine, stages, folder)
  const table = compiler.program(program)
  const { tables, steps, keyUses: keys, aggregates } = compiler
  return { table, tables, steps, keys, aggregates }
}
