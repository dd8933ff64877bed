import { placed } from '../base/placed.js'
import type { Block } from '../columnar/block.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { Row, Schema } from '../columnar/schema.js'
import { Shape } from '../columnar/shape.js'
import type { SourceTask } from '../stream/source-task.js'
import type { GatedOutput } from './gate.js'
import { Outlet } from './outlet.js'
import { OutletSpill } from './outlet-spill.js'
import { gatherRouter, type Route, type Router } from './router.js'
import type { Spill } from './spill.js'

/** Where batches go that have no room in memory. */
export interface SpillingOutput {
  readonly spill: Spill
  /** Bytes that may be queued in memory; a batch more may, so that it is exceeded by no more than that. */
  readonly queueBytes: number
}

/**
 * The sending side of an exchange: rows are routed once, into one batch per receiver, or into one for all of them; a full batch is encoded
 * once and written to its sinks, which may wait as long as they must. Where it may spill, batches beyond the budget wait on disk, as they
 * were encoded; while some of a receiver do, all its later ones go there too.
 */
export class ExchangeOutput implements GatedOutput {
  private readonly outlets: readonly Outlet[]
  private readonly shape: Shape
  private readonly route: Router
  private readonly isBroadcast: boolean
  /** Who gets the rows of a block. */
  private receivers = new Uint32Array(0)
  /** Of each outlet, the indexes of those that go there. */
  private shares: Int32Array[]
  /** Rows taken so far. */
  rows = 0

  constructor(
    readonly name: string,
    task: SourceTask,
    route: Route,
    private readonly sent: () => void,
    private readonly spilling?: SpillingOutput,
    int32?: Int32Columns,
  ) {
    const shape = new Shape({ stage: name, int32 })
    this.shape = shape
    this.isBroadcast = route === 'broadcast'
    this.route = route === 'broadcast' ? gatherRouter : route
    const groups = this.isBroadcast ? [task.sinks] : task.sinks.map((sink) => [sink])
    this.outlets = groups.map((sinks) => new Outlet(sinks, shape, spilling && new OutletSpill(sinks, spilling.spill, name)))
    this.shares = this.outlets.map(() => new Int32Array(0))
    this.route.watch?.((receiver) => this.outlets[receiver].backlogBytes)
  }

  /** The columns of all rows so far. */
  get schema(): Schema {
    return this.shape.fields
  }

  get queuedBytes(): number {
    let bytes = 0
    for (const { unsentBytes, builtBytes } of this.outlets) bytes += unsentBytes + builtBytes
    return bytes
  }

  get spilledBytes(): number {
    if (!this.canSpill) return 0
    let bytes = 0
    for (const { spilledBytes } of this.outlets) bytes += spilledBytes
    return bytes
  }

  get canSpill(): boolean {
    return this.spilling !== undefined
  }

  refill(): void {
    if (this.spilledBytes > 0) for (const outlet of this.outlets) outlet.refill(this.sent)
  }

  finishUnspilled(): void {
    for (const outlet of this.outlets) outlet.finishUnspilled()
  }

  /** Takes a row. True: a batch went out, and the gate should be asked again. Throws `ColumnType`. */
  push(row: Row): boolean {
    const outlet = this.outlets[this.routed(row)]
    this.rows++
    if (!outlet.push(row)) return false
    this.send(outlet)
    return true
  }

  /** Takes the rows of a block from an index on, up to but not with another: some hundred, for they are routed and kept together. As `push`. */
  pushBlock(block: Block, from: number, to: number): boolean {
    let sent = false
    if (this.route.ofBlock === undefined) {
      for (let index = from; index < to; index++) if (this.push(block.row(index))) sent = true
      return sent
    }
    this.rows += to - from
    const counts = this.divide(this.route.ofBlock, block, from, to)
    this.outlets.forEach((outlet, receiver) => {
      if (!outlet.pushMany(block, this.shares[receiver], counts[receiver])) return
      this.send(outlet)
      sent = true
    })
    return sent
  }

  isBuilding(receiver: number): boolean {
    return this.outletOf(receiver).isBuilding
  }

  flush(receiver: number): void {
    this.send(this.outletOf(receiver))
  }

  flushAll(): void {
    for (const outlet of this.outlets) this.send(outlet)
  }

  /** To those, too, that got no rows: the last thing sent. */
  tellColumns(): void {
    for (const outlet of this.outlets) if (outlet.tellColumns(this.hasRoom)) this.sent()
  }

  /** Forgets what is on disk. */
  close(): void {
    for (const outlet of this.outlets) outlet.close()
  }

  private outletOf(receiver: number): Outlet {
    return this.outlets[this.isBroadcast ? 0 : receiver]
  }

  private routed(row: Row): number {
    try {
      return this.route(row)
    } catch (error) {
      throw placed(error, this.name)
    }
  }

  /** Writes the indexes of each receiver's rows into its share. Returns how many there are. */
  private divide(ofBlock: NonNullable<Router['ofBlock']>, block: Block, from: number, to: number): number[] {
    const counts = this.outlets.map(() => 0)
    if (this.receivers.length < to - from) {
      this.receivers = new Uint32Array(to - from)
      this.shares = this.outlets.map(() => new Int32Array(to - from))
    }
    try {
      ofBlock(block, from, to, this.receivers)
    } catch (error) {
      throw placed(error, this.name)
    }
    for (let index = from; index < to; index++) {
      const receiver = this.receivers[index - from]
      this.shares[receiver][counts[receiver]++] = index
    }
    return counts
  }

  private send(outlet: Outlet): void {
    if (outlet.send(this.hasRoom)) this.sent()
  }

  /** Whether one more batch may be queued in memory. */
  private get hasRoom(): boolean {
    if (this.spilling === undefined) return true
    let bytes = 0
    for (const { unsentBytes } of this.outlets) bytes += unsentBytes
    return bytes <= this.spilling.queueBytes
  }
}
