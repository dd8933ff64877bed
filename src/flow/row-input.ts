import type { Batch } from '../columnar/batch.js'
import { Block } from '../columnar/block.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { Row, Schema } from '../columnar/schema.js'
import type { Gather } from '../exchange/gather.js'
import type { OrderedMerge } from '../exchange/ordered-merge.js'
import type { SourceLocation } from './ctx.js'
import { CallWaits } from './operators/call-waits.js'
import { type BatchCursor, type BlockCursor, type ColumnsCursor, type Cursor, END, isBatchCursor, PAUSE } from './operators/cursor.js'

/** Rows that a stage reads: a cursor that can be waited for. */
export interface RowInput extends Cursor<Row> {
  /** Where the row given last came from, and which split, of rows that say so. */
  readonly current?: SourceLocation | undefined
  readonly splitId?: string | undefined
  /** For a stall report, in words: what keeps it from giving rows, where that is known. */
  readonly waitsFor?: string | undefined
  /** Resolves when `next()` may give something else than PAUSE, or is closed. Rejects with what `next()` would throw. For one who waits at a time. */
  ready(): Promise<void>
}

/** One that knows which columns of its rows are int32. */
export interface TypedInput extends RowInput {
  /** Of the rows given so far. */
  readonly int32: Int32Columns
}

/** The inputs of one stage: its own, and those of its joins, each of which is read to its end before its own is read on. */
export class StageInputs {
  /** Calls that the stage waits for too. */
  readonly calls: CallWaits = new CallWaits()
  readonly #own: RowInput
  readonly #all: RowInput[]
  readonly #asked: Map<RowInput, Promise<void>> = new Map()
  #waitsFor: RowInput

  constructor(own: RowInput) {
    this.#own = own
    this.#all = [own]
    this.#waitsFor = own
  }

  /** One more input, for a join. */
  beside(input: RowInput): Cursor<Row> {
    this.#all.push(input)
    const waiting = <T>(row: T): T => {
      if (typeof row === 'symbol') this.#waitsFor = row === PAUSE ? input : this.#own
      return row
    }
    const beside: Cursor<Row> = { next: () => waiting(input.next()), close: () => input.close() }
    return isBatchCursor(input) ? Object.assign(beside, { nextBatch: () => waiting(input.nextBatch()) }) : beside
  }

  /** Resolves when the pipeline may give something else than PAUSE. Several may wait at once; an input is asked for one of them. */
  ready(): Promise<void> {
    const input = this.#waitsFor
    const asked = this.#asked.get(input) ?? input.ready().finally(() => this.#asked.delete(input))
    this.#asked.set(input, asked)
    return asked
  }

  /** What the pipeline waits for, in words. */
  get waitsFor(): string {
    return this.calls.waitsFor ?? this.#waitsFor.waitsFor ?? 'its input'
  }

  /** What may let the pipeline go on: not its input while calls of asynchronous functions take no more rows. */
  awaited(): Record<string, () => Promise<unknown>> {
    const { calls } = this
    return {
      ...(calls.isFull ? {} : { input: () => this.ready() }),
      ...(calls.isEmpty ? {} : { calls: () => calls.changed() }),
    }
  }

  /** Resolves when all are ready, or closed, and hold no file, and no statement runs. */
  async idle(): Promise<void> {
    await Promise.all([this.calls.idle(), ...this.#all.map((input) => input.ready().catch(() => {}))])
  }
}

/** The rows of an exchange in any order. */
export class GatherInput implements TypedInput, BlockCursor, BatchCursor, ColumnsCursor {
  /** Of the last batch, which need not have had a row. */
  columns: Schema | undefined
  private batch: Batch | undefined
  private at = 0

  constructor(
    private readonly gather: Gather,
    readonly int32: Int32Columns = gather.int32,
  ) {}

  next(): Row | typeof END | typeof PAUSE {
    const batch = this.head()
    return typeof batch === 'symbol' ? batch : batch.row(this.at++)
  }

  nextBlock(rowsMax: number): Block | typeof END | typeof PAUSE {
    const batch = this.head()
    if (typeof batch === 'symbol') return batch
    const from = this.at
    this.at = Math.min(batch.rowCount, from + rowsMax)
    return Block.ofBatch(batch, from, this.at)
  }

  nextBatch(): Batch | typeof END | typeof PAUSE {
    return this.gather.take() ?? (this.gather.isDone ? END : PAUSE)
  }

  ready(): Promise<void> {
    return this.gather.ready()
  }

  close(): void {
    this.batch = undefined
    this.gather.close()
  }

  /** A batch that has rows left. */
  private head(): Batch | typeof END | typeof PAUSE {
    while (this.batch === undefined || this.at === this.batch.rowCount) {
      this.batch = this.gather.take()
      this.at = 0
      if (this.batch === undefined) return this.gather.isDone ? END : PAUSE
      this.columns = this.batch.schema
    }
    return this.batch
  }
}

/** The rows that the leader was given. */
export class GivenRows extends GatherInput {
  readonly bytesRead = 0
  readonly splitsDone = 0
  rowsRead = 0

  override next(): Row | typeof END | typeof PAUSE {
    const row = super.next()
    if (typeof row !== 'symbol') this.rowsRead++
    return row
  }

  override nextBlock(rowsMax: number): Block | typeof END | typeof PAUSE {
    const block = super.nextBlock(rowsMax)
    if (typeof block !== 'symbol') this.rowsRead += block.rows
    return block
  }

  override nextBatch(): Batch | typeof END | typeof PAUSE {
    const batch = super.nextBatch()
    if (typeof batch !== 'symbol') this.rowsRead += batch.rowCount
    return batch
  }
}

/** The rows of an exchange in order. */
export class MergeInput implements TypedInput {
  constructor(
    private readonly merge: OrderedMerge,
    readonly int32: Int32Columns = merge.int32,
  ) {}

  next(): Row | typeof END | typeof PAUSE {
    return this.merge.take() ?? (this.merge.isDone ? END : PAUSE)
  }

  ready(): Promise<void> {
    return this.merge.ready()
  }

  close(): void {
    this.merge.close()
  }
}
