import { macrotask } from '../../src/base/macrotask.js'
import type { Row } from '../../src/columnar/schema.js'
import { type Cursor, END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { RowInput } from '../../src/flow/row-input.js'
import { eachRow, Groups, leafRow } from './rows.js'
import type { Op, Rows } from './scenario.js'

type Next = Row | typeof END | typeof PAUSE

/** Throws what a scenario wants thrown before the row of this number, or at the end behind the last. */
export type Injection = (row: number) => void

/** How far the rows of a live leaf have come. */
export interface Progress {
  /** How many of them have reached the leader. */
  readonly arrived: number
  /** Resolves when another has, or none will. */
  moved(): Promise<void>
}

/** The input of a leaf stage: rows made on the spot, with waits between. */
export class LeafInput implements RowInput {
  private at = 0
  private paused = false

  constructor(
    private readonly rows: Rows,
    private readonly stage: number,
    private readonly place: number,
    private readonly progress: Progress | undefined,
  ) {}

  next(): Next {
    const { count, pauseEvery } = this.rows
    if (this.at === count) return END
    if (this.isWaiting) return PAUSE
    if (pauseEvery > 0 && this.at % pauseEvery === 0 && !this.paused) {
      this.paused = true
      return PAUSE
    }
    this.paused = false
    return leafRow(this.rows, this.stage, this.place, this.at++)
  }

  async ready(): Promise<void> {
    if (!this.isWaiting) return macrotask()
    while (this.isWaiting) await this.progress?.moved()
  }

  close(): void {
    this.at = this.rows.count
  }

  private get isWaiting(): boolean {
    return this.progress !== undefined && this.at < this.rows.count && this.at > this.progress.arrived
  }
}

/** Reads its first input to the end, then of the second the rows whose key was there. Without any it never reads the second. */
export class SemiInput implements RowInput {
  private readonly keys = new Set<unknown>()
  private isBuilt = false

  constructor(
    private readonly build: RowInput,
    private readonly probe: RowInput,
  ) {}

  next(): Next {
    while (!this.isBuilt) {
      const row = this.build.next()
      if (row === PAUSE) return PAUSE
      if (row === END) this.isBuilt = true
      else this.keys.add(row.k)
    }
    if (this.keys.size === 0) return END
    for (;;) {
      const row = this.probe.next()
      if (row === PAUSE || row === END || this.keys.has(row.k)) return row
    }
  }

  ready(): Promise<void> {
    return this.isBuilt ? this.probe.ready() : this.build.ready()
  }

  close(): void {
    this.build.close()
    this.probe.close()
  }
}

/** A stage's operator over its input. */
export class OpCursor implements Cursor<Row> {
  private readonly ready: Row[] = []
  private readonly groups = new Groups()
  private seen = 0
  private isOver = false

  constructor(
    private readonly input: RowInput,
    private readonly op: Op,
    private readonly inject: Injection,
  ) {}

  next(): Next {
    for (;;) {
      const made = this.ready.shift()
      if (made !== undefined) return made
      if (this.isOver) return END
      const row = this.input.next()
      if (row === PAUSE) return PAUSE
      this.inject(row === END ? Number.POSITIVE_INFINITY : this.seen++)
      if (row === END) this.end()
      else if (this.op === 'count') this.groups.add(row)
      else this.ready.push(...eachRow(this.op, row))
    }
  }

  close(): void {
    this.isOver = true
    this.ready.length = 0
    this.input.close()
  }

  private end(): void {
    this.isOver = true
    if (this.op === 'count') this.ready.push(...this.groups.rows())
  }
}
