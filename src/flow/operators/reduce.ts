import { MillraceError } from '../../base/errors.js'
import { ValueReader } from '../../call/value-reader.js'
import { encodeValue } from '../../call/value-writer.js'
import type { Row } from '../../columnar/schema.js'
import type { Reducer } from '../reducer.js'
import type { Accumulator } from './accumulator.js'
import { valueBytes } from './size-meter.js'
import { callError, checkRow, type StageCall } from './stage-call.js'

const NONE: unique symbol = Symbol('no state yet')

/** A reducer of the user's as an aggregate: between the halves a state travels as bytes, by structured clone. */
export class ReduceAccumulator implements Accumulator {
  readonly groupBytes = 64
  readonly takesRows = true
  readonly #call: StageCall
  readonly #reducer: Reducer
  readonly #keys: readonly string[]
  readonly #stateColumn: string
  #states: unknown[] = []
  /** How many changes of each, and what it took when that was a power of two. */
  #changes: number[] = []
  #sizes: number[] = []
  #grownBytes = 0

  constructor(call: StageCall, keys: readonly string[], state: string) {
    this.#call = call
    this.#reducer = call.reducer as Reducer
    this.#keys = keys
    this.#stateColumn = `${state}state`
  }

  get grownBytes(): number {
    return this.#grownBytes
  }

  open(): void {
    this.#states.push(NONE)
    this.#changes.push(0)
    this.#sizes.push(0)
  }

  add(group: number, row: unknown): void {
    const { ctx } = this.#call
    this.#change(group, (state) => {
      const before = state === NONE ? this.#reducer.init(ctx) : state
      return orSame(this.#reducer.step(before, row as Row, ctx), before)
    })
  }

  merge(group: number, row: Row): void {
    const other = new ValueReader(row[this.#stateColumn] as Uint8Array).next()
    this.#change(group, (state) => (state === NONE ? other : orSame(this.#reducer.merge(state, other, this.#call.ctx), state)))
  }

  writePartial(group: number, row: Row): void {
    try {
      row[this.#stateColumn] = encodeValue(this.#states[group])
    } catch (error) {
      throw callError(this.#call, error)
    }
  }

  writeFinal(group: number, row: Row): void {
    const result = this.#finished(group, row)
    checkRow(this.#call, result)
    for (const [column, value] of Object.entries(result as Row)) {
      if (this.#keys.includes(column)) throw callError(this.#call, clash(this.#call.stage, column))
      row[column] = value
    }
  }

  clear(): void {
    this.#states = []
    this.#changes = []
    this.#sizes = []
    this.#grownBytes = 0
  }

  #finished(group: number, keys: Row): unknown {
    try {
      return this.#reducer.finish(this.#states[group], { ...keys }, this.#call.ctx)
    } catch (error) {
      throw callError(this.#call, error)
    }
  }

  #change(group: number, act: (state: unknown) => unknown): void {
    try {
      this.#states[group] = act(this.#states[group])
    } catch (error) {
      throw callError(this.#call, error)
    }
    const changes = ++this.#changes[group]
    if ((changes & (changes - 1)) === 0) this.#measure(group)
  }

  #measure(group: number): void {
    const bytes = valueBytes(this.#states[group], 0)
    this.#grownBytes += bytes - this.#sizes[group]
    this.#sizes[group] = bytes
  }
}

/** What gives nothing has changed the state that it was given. */
function orSame(after: unknown, before: unknown): unknown {
  return after === undefined ? before : after
}

function clash(stage: string, column: string): MillraceError {
  return new MillraceError(
    'ColumnClash',
    `reducer "${stage}": finish gives a column "${column}", which is a key: the keys are there already`,
  )
}
