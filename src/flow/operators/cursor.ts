import type { Batch } from '../../columnar/batch.js'
import type { Block } from '../../columnar/block.js'
import type { Row, Schema } from '../../columnar/schema.js'

/** No more rows; every later `next()` says so again. */
export const END: unique symbol = Symbol('end')
/** Nothing now: the input is not there yet or the time slice is over. `next()` may be called again later and goes on where it was. */
export const PAUSE: unique symbol = Symbol('pause')

/** A synchronous pull cursor. It can be left alone between any two calls; `close()` may be called at any time, more than once. */
export interface Cursor<T> {
  next(): T | typeof END | typeof PAUSE
  /** Drops what is kept and closes the input. */
  close(): void
}

/** A cursor whose rows may be had as the batches that they came in: by `next` or by `nextBatch`, not by both. */
export interface BatchCursor extends Cursor<Row> {
  nextBatch(): Batch | typeof END | typeof PAUSE
}

export function isBatchCursor(cursor: Cursor<Row>): cursor is BatchCursor {
  return 'nextBatch' in cursor
}

/** A cursor that also gives its rows many at once, as columns: each row one way or the other. */
export interface BlockCursor extends Cursor<Row> {
  /** At most so many rows, and at least one unless none came of a call. */
  nextBlock(rowsMax: number): Block | typeof END | typeof PAUSE
}

export function isBlockCursor(cursor: Cursor<Row>): cursor is BlockCursor {
  return 'nextBlock' in cursor
}

/** A cursor that may know the columns of its rows where there are none: undefined until it does. */
export interface ColumnsCursor extends Cursor<Row> {
  readonly columns: Schema | undefined
}

export function isColumnsCursor(cursor: Cursor<Row>): cursor is ColumnsCursor {
  return 'columns' in cursor
}

/** Closes a cursor whose rows are no longer wanted: what a `finally` block of a generator throws then has no one to go to. */
export function closeUnwanted(cursor: Cursor<unknown>): void {
  try {
    cursor.close()
  } catch {
    // Whether it would be told depended on who stops first: this worker, or one behind it.
  }
}
