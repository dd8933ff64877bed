import { systemClock } from '../base/clock.js'
import { CancelledError, MillraceError, SessionEndedError } from '../base/errors.js'
import { LEADER } from '../base/ids.js'
import { Slice } from '../base/slice.js'
import type { Block } from '../columnar/block.js'
import { FoundInt32 } from '../columnar/int32-columns.js'
import type { Row } from '../columnar/schema.js'
import { Spill } from '../exchange/spill.js'
import { createSpillFolder } from '../exchange/spill-folder.js'
import type { Part } from '../mesh/stall-report.js'
import { STALL_MS_DEFAULT, StallWatch } from '../mesh/stall-watch.js'
import { loadSql } from './load-sql.js'
import { CallWaits } from './operators/call-waits.js'
import { type BlockCursor, END, PAUSE } from './operators/cursor.js'
import type { FlowRows } from './results.js'
import type { RunStats } from './run.js'
import type { ResolvedRunOptions } from './run-options.js'
import { operatorShare } from './shares.js'
import type { Statement } from './statement.js'

/** How long the rows of one turn may take to be made: they are made in one go. */
const SLICE_MS = 1

/**
 * A run that is one statement, from end to end: DuckDB works in threads of its own, so this one waits for it as a worker would, and makes rows of what it
 * gives. No worker is started or asked, nothing is sent.
 */
export class StatementRun {
  /** Of the rows given so far. */
  readonly int32: FoundInt32 = new FoundInt32()
  readonly #statement: Statement
  readonly #options: ResolvedRunOptions
  readonly #waits = new CallWaits()
  readonly #watch: StallWatch | undefined
  #cursor: BlockCursor | undefined
  /** Why there are no more rows. */
  #stopped: { readonly error: unknown } | undefined
  #ending: Promise<void> | undefined
  #startedMs: number | undefined
  #endedMs: number | undefined
  #rows = 0
  readonly #onAbort = () => void this.cancel(this.#options.signal?.reason)
  readonly #onPoolClosed = () => this.#stop(new SessionEndedError('the pool is closed'))

  constructor(statement: Statement, options: ResolvedRunOptions) {
    this.#statement = statement
    this.#options = options
    this.#watch = this.#stallWatch()
  }

  /** All of it: starts, gives the rows, and ends. Throws what the run ended with. */
  async *batches(): AsyncGenerator<FlowRows, void, undefined> {
    const { flow } = this.#statement
    try {
      const cursor = await this.#start()
      for (let block = await this.#next(cursor); block !== END; block = await this.#next(cursor)) yield { flow, rows: this.#rowsOf(block) }
    } finally {
      await this.#end()
    }
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#stop(new CancelledError('the run was cancelled', reason === undefined ? {} : { cause: reason }))
  }

  stats(): RunStats {
    const elapsedMs = this.#startedMs === undefined ? 0 : (this.#endedMs ?? systemClock.now()) - this.#startedMs
    const nothing = { rowsIn: 0, bytesIn: 0, splitsDone: 0, rowsSkipped: 0, spilledBytes: 0, sentBytes: {} }
    return { workers: 0, rowsOut: this.#rows, elapsedMs, ...nothing }
  }

  /** What it holds that should hold nothing once it has ended. */
  get leftovers(): Record<string, number> {
    return this.#endedMs === undefined ? { '0.runs': 1 } : {}
  }

  async #start(): Promise<BlockCursor> {
    this.#checkStopped()
    if (this.#startedMs !== undefined) throw new MillraceError('InvalidArgument', 'a run gives its rows once: call run() again')
    this.#startedMs = systemClock.now()
    const { signal, pool } = this.#options
    if (signal?.aborted === true) await this.cancel(signal.reason)
    if (pool?.pool.isClosed === true) await this.#onPoolClosed()
    this.#checkStopped()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    pool?.closing.add(this.#onPoolClosed)
    const openSql = await loadSql()
    this.#checkStopped()
    const { memoryBytes, spill } = this.#options
    this.#cursor = openSql(
      { ...this.#statement.operator, tables: [] },
      {
        where: `stage ${this.#statement.stage} sql`,
        share: operatorShare(memoryBytes),
        slice: new Slice(systemClock, SLICE_MS),
        waits: this.#waits,
        spill: spill && new Spill(createSpillFolder(spill.folder), spill.limitBytes),
        isWhole: true,
        isLeader: true,
      },
    )
    return this.#cursor
  }

  /** The next rows. Throws what the statement failed with, or why it was stopped. */
  async #next(cursor: BlockCursor): Promise<Block | typeof END> {
    for (;;) {
      this.#checkStopped()
      const block = cursor.nextBlock(Number.POSITIVE_INFINITY)
      if (block !== PAUSE) return block
      this.#watch?.change(1)
      await this.#waits.changed()
      this.#watch?.change(-1)
    }
  }

  #checkStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped.error
  }

  #rowsOf(block: Block): Row[] {
    this.int32.found(this.#statement.operator.columns.map(({ column, type }) => ({ name: column, type })))
    this.#rows += block.rows
    return Array.from({ length: block.rows }, (_none, index) => block.row(index))
  }

  /** For whoever waits for rows. Once it ends it cannot be stopped any more. */
  #stop(error: Error): Promise<void> {
    if (this.#ending === undefined) this.#stopped ??= { error }
    return this.#end()
  }

  #end(): Promise<void> {
    this.#ending ??= this.#close()
    return this.#ending
  }

  async #close(): Promise<void> {
    const { signal, pool } = this.#options
    signal?.removeEventListener('abort', this.#onAbort)
    pool?.closing.delete(this.#onPoolClosed)
    this.#cursor?.close()
    this.#waits.notify()
    await this.#waits.idle()
    this.#endedMs = systemClock.now()
  }

  #stallWatch(): StallWatch | undefined {
    const { stall } = this.#options
    if (stall === undefined) return undefined
    const { stallMs = STALL_MS_DEFAULT, clock = systemClock, onStall } = stall
    // What a listener throws fails the run.
    const tell: typeof onStall = (report) => {
      try {
        onStall(report)
      } catch (error) {
        void this.#stop(error as Error)
      }
    }
    return new StallWatch({ stallMs, clock, onStall: tell, look: async () => [this.#part()] })
  }

  #part(): Part {
    const words = `participant ${LEADER}: stage ${this.#statement.stage} waits for ${this.#waits.waitsFor ?? 'its statement'}`
    return { participant: LEADER, said: { moved: this.#rows, waits: [{ participant: LEADER, for: 'source', words }] } }
  }
}
