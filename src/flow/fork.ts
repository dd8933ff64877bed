import { Deque } from '../base/deque.js'
import type { Slice } from '../base/slice.js'
import { Wakeups } from '../base/wakeups.js'
import { copyRow } from '../columnar/copy-row.js'
import { type Int32Columns, NO_INT32 } from '../columnar/int32-columns.js'
import type { Row, Schema } from '../columnar/schema.js'
import type { SourceLocation } from './ctx.js'
import { type ColumnsCursor, type Cursor, closeUnwanted, END, isColumnsCursor, PAUSE } from './operators/cursor.js'
import { SizeMeter } from './operators/size-meter.js'
import type { StageEnvironment } from './operators/stage-call.js'
import type { StageInputs, TypedInput } from './row-input.js'

/** Rows that may wait for a branch, and their bytes, estimated; a row more may. Branches take turns of so many rows. */
const LAG_ROWS_MAX = 4096
const LAG_BYTES_MAX = 1024 * 1024

/** The shared stage of a fork. */
export interface ForkedStage {
  readonly pipeline: Cursor<Row>
  readonly inputs: StageInputs
  /** Of the rows of the pipeline; by default none. */
  readonly int32?: Int32Columns | undefined
  readonly slice: Slice
  readonly location: StageEnvironment['location'] | undefined
  /** Aborted when no branch wants more. */
  readonly controller: AbortController
}

/** Who reads a branch. */
interface BranchReader {
  /** Whether nobody wants its rows any more, asked now. */
  readonly isCancelled: boolean
}

/** A row as a branch gets it, with what is known of where it came from. */
interface Entry {
  readonly row: Row
  readonly bytes: number
  readonly source: SourceLocation | undefined
  readonly splitId: string | undefined
}

/**
 * One stage whose rows several stages of the same worker read. Whoever has none pulls the next one, and the others get copies. A branch that
 * is behind by `LAG_ROWS_MAX` holds back the others; one that is closed does not, and with the last one the stage is closed.
 *
 * This waits for nothing but the readers, each of which waits for its own receivers only: the flows that part here never meet again
 * but at the leader, which takes from all of them.
 */
export class Fork {
  readonly #branches: readonly ForkBranch[]
  readonly #stage: ForkedStage
  readonly #to: readonly number[]
  /** Measures one row at a time, by samples. */
  readonly #meter = new SizeMeter('a row', Number.POSITIVE_INFINITY)
  #isOver = false
  #failure: { readonly error: unknown } | undefined

  /** `to`: the stages that read it. */
  constructor(stage: ForkedStage, to: readonly number[]) {
    this.#stage = stage
    this.#to = to
    this.#branches = to.map(() => new ForkBranch(this))
  }

  /** What this stage reads. */
  branchOf(stage: number): ForkBranch {
    return this.#branches[this.#to.indexOf(stage)]
  }

  /** That of the shared stage, and of all that read it: one of them works at a time. */
  get slice(): Slice {
    return this.#stage.slice
  }

  /** Of the rows pulled so far. */
  get int32(): Int32Columns {
    return this.#stage.int32 ?? NO_INT32
  }

  /** Those of the rows, where the shared stage has them as it got them. */
  get columns(): Schema | undefined {
    const { pipeline } = this.#stage
    return isColumnsCursor(pipeline) ? pipeline.columns : undefined
  }

  /** Whether nobody wants rows of the stage any more, asked now. */
  get isCancelled(): boolean {
    return this.#branches.every((branch) => branch.isCancelled)
  }

  /** The next row, for a branch that has none waiting. */
  pull(branch: ForkBranch): Entry | typeof END | typeof PAUSE {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#isOver) return END
    if (this.heldBackBy !== undefined) return PAUSE
    const row = this.#next()
    if (row === PAUSE) return PAUSE
    if (row === END) {
      this.#end()
      return END
    }
    return this.#share(row, branch)
  }

  /** The stage that is too far behind and holds back the others, if one does. */
  get heldBackBy(): number | undefined {
    for (let index = 0; index < this.#branches.length; index++) if (this.#branches[index].isFull) return this.#to[index]
    return undefined
  }

  /** Whether `pull` gives something that is known already. */
  get isSettled(): boolean {
    return this.#isOver || this.#failure !== undefined
  }

  /** What may let a branch go on. */
  awaited(): Record<string, () => Promise<unknown>> {
    return this.heldBackBy === undefined ? this.#stage.inputs.awaited() : {}
  }

  /** Nobody wants anything more. */
  close(): void {
    for (const branch of this.#branches) branch.close()
  }

  /** Resolves when the stage holds no file. */
  idle(): Promise<void> {
    return this.#stage.inputs.idle()
  }

  /** A branch is closed, or not full any more. */
  changed(): void {
    if (this.#branches.every(({ isClosed }) => isClosed)) {
      this.#isOver = true
      this.#stage.controller.abort()
      closeUnwanted(this.#stage.pipeline)
    }
    this.#wakeAll()
  }

  #next(): Row | typeof END | typeof PAUSE {
    try {
      return this.#stage.pipeline.next()
    } catch (error) {
      this.#failure = { error }
      this.#wakeAll()
      throw error
    }
  }

  #end(): void {
    this.#isOver = true
    this.#wakeAll()
  }

  #share(row: Row, branch: ForkBranch): Entry {
    const { location } = this.#stage
    const own = { row, bytes: this.#bytesOf(row), source: location?.current, splitId: location?.splitId }
    for (const other of this.#branches) if (other !== branch && !other.isClosed) other.give({ ...own, row: copyRow(row) })
    return own
  }

  #bytesOf(row: Row): number {
    this.#meter.clear()
    this.#meter.add(row)
    return this.#meter.bytes
  }

  #wakeAll(): void {
    for (const branch of this.#branches) branch.wake()
  }
}

/** What one stage reads of a fork. */
export class ForkBranch implements TypedInput, ColumnsCursor {
  /** Known once its stage is planned. */
  reader: BranchReader | undefined
  readonly #fork: Fork
  readonly #wakeups = new Wakeups()
  readonly #waiting = new Deque<Entry>()
  #bytes = 0
  #isFull = false
  #isClosed = false
  #last: Entry | undefined
  #wake: (() => void) | undefined

  constructor(fork: Fork) {
    this.#fork = fork
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get slice(): Slice {
    return this.#fork.slice
  }

  get int32(): Int32Columns {
    return this.#fork.int32
  }

  get columns(): Schema | undefined {
    return this.#fork.columns
  }

  /** From when too much waits for it until half of that is taken. */
  get isFull(): boolean {
    return this.#isFull
  }

  get isCancelled(): boolean {
    return this.#isClosed || this.reader?.isCancelled === true
  }

  get waitsFor(): string | undefined {
    const { heldBackBy } = this.#fork
    return heldBackBy === undefined ? undefined : `stage ${heldBackBy} to take the rows that both get`
  }

  /** Where the row given last came from. */
  get current(): SourceLocation | undefined {
    return this.#last?.source
  }

  get splitId(): string | undefined {
    return this.#last?.splitId
  }

  /** A row that another branch pulled. */
  give(entry: Entry): void {
    this.#waiting.push(entry)
    this.#bytes += entry.bytes
    this.#isFull ||= this.#waiting.length >= LAG_ROWS_MAX || this.#bytes >= LAG_BYTES_MAX
    this.wake()
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.#isClosed) return END
    const entry = this.#take() ?? this.#fork.pull(this)
    if (typeof entry === 'symbol') return entry
    this.#last = entry
    return entry.row
  }

  async ready(): Promise<void> {
    if (this.#isClosed) return this.#fork.isSettled ? this.#fork.idle() : undefined
    if (this.#waiting.length > 0 || this.#fork.isSettled) return undefined
    return this.#wakeups.any({ fork: () => this.#changed(), ...this.#fork.awaited() })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isFull = false
    this.#waiting.clear()
    this.#fork.changed()
  }

  /** For the fork: something changed. */
  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #take(): Entry | undefined {
    const entry = this.#waiting.shift()
    if (entry === undefined) return undefined
    this.#bytes -= entry.bytes
    if (this.#isFull && this.#waiting.length <= LAG_ROWS_MAX / 2 && this.#bytes <= LAG_BYTES_MAX / 2) {
      this.#isFull = false
      this.#fork.changed()
    }
    return entry
  }
}
