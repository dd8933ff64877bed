import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import { macrotask } from '../base/macrotask.js'
import type { Slice } from '../base/slice.js'
import { Wakeups } from '../base/wakeups.js'
import type { Block } from '../columnar/block.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { Row, Schema } from '../columnar/schema.js'
import { ExchangeOutput } from '../exchange/exchange-output.js'
import { Gate } from '../exchange/gate.js'
import type { Route } from '../exchange/router.js'
import type { Spill } from '../exchange/spill.js'
import type { SourceActivity, SourceTask, StreamSource } from '../stream/source-task.js'
import { type Cursor, closeUnwanted, END, isBlockCursor, PAUSE } from './operators/cursor.js'
import type { StageInputs } from './row-input.js'

/** Rows of a block that are handed on at once: so few that a batch is not much larger than it should be. */
const BLOCK_ROWS = 256

export interface StageRunOptions {
  readonly id: PhysicalStreamId
  readonly receivers: readonly ParticipantId[]
  /** For messages. */
  readonly name: string
  /** Whether all receivers are to know all columns in the end, those too that get no row. */
  readonly tellsColumns?: boolean
  readonly inputs: StageInputs
  readonly pipeline: Cursor<Row>
  /** Of the rows of the pipeline; by default none. */
  readonly int32?: Int32Columns | undefined
  /** That of all stages behind the same fork. */
  readonly slice: Slice
  readonly route: Route
  readonly queueBytes: number
  /** Where what exceeds that goes; undefined: nowhere. */
  readonly spill: Spill | undefined
  /** Aborted when nobody wants this stage's rows any more. */
  readonly controller: AbortController
  /** Called at the end of every slice of work. */
  readonly progressed: () => void
  /** Called when there are no more rows, with their columns. */
  readonly finished: (schema: Schema) => void
}

/**
 * One stage on one worker, as the source of its output: pulls its pipeline while the gate is open, a millisecond or two at a time.
 */
export class StageRun implements StreamSource {
  readonly id: PhysicalStreamId
  readonly receivers: readonly ParticipantId[]
  readonly delivery = 'flows'
  private readonly wakeups = new Wakeups()
  private task: SourceTask | undefined
  private execution: Promise<void> | undefined
  private gate: Gate | undefined
  private isResting = false
  /** Rows that the pipeline gave together, and how many of them were handed on. */
  private block: Block | undefined
  private pushed = 0
  /** Slices of work done. */
  private slices = 0
  private readonly interrupted = () => this.isCancelled

  constructor(private readonly options: StageRunOptions) {
    this.id = options.id
    this.receivers = options.receivers
  }

  /** Whether nobody wants this stage's rows any more, asked now: looks at the control rings. */
  get isCancelled(): boolean {
    this.task?.poll()
    return this.task?.isCancelled ?? this.options.controller.signal.aborted
  }

  run(task: SourceTask): Promise<void> {
    this.execution = this.produce(task)
    return this.execution
  }

  /** Resolves when it runs no more and its input holds no file; to be asked once its session has ended. */
  async idle(): Promise<void> {
    await this.execution?.catch(() => {})
    await this.options.inputs.idle()
  }

  describe(): SourceActivity {
    const { name, inputs } = this.options
    return { name, waitsFor: this.isResting ? inputs.waitsFor : undefined, gate: this.gate?.closedBy, steps: this.slices }
  }

  private async produce(task: SourceTask): Promise<void> {
    const { name, route, queueBytes, spill, int32 } = this.options
    this.task = task
    const output = new ExchangeOutput(name, task, route, () => task.flush(), spill && { spill, queueBytes }, int32)
    const gate = new Gate(task, output, queueBytes)
    this.gate = gate
    const abort = () => this.dispose()
    task.signal.addEventListener('abort', abort)
    try {
      while (await gate.opened()) {
        if (this.pull(output, gate)) {
          output.flushAll()
          if (this.options.tellsColumns) output.tellColumns()
          this.options.finished(output.schema)
          await gate.drained()
          return
        }
        await this.rest(task, gate)
      }
    } finally {
      task.signal.removeEventListener('abort', abort)
      output.close()
      this.dispose()
    }
  }

  dispose(): void {
    this.options.controller.abort()
    closeUnwanted(this.options.pipeline)
  }

  /** Works until the input pauses, the slice is over, or the gate closes. True: there are no more rows. */
  private pull(output: ExchangeOutput, gate: Gate): boolean {
    const { slice } = this.options
    slice.interrupted = this.interrupted
    slice.begin()
    let { looks } = slice
    for (;;) {
      const sent = this.push(output)
      if (sent === END) return true
      if (sent === PAUSE) return false
      // A row that took its time goes at once to a receiver that waits; others go together.
      const isRare = slice.looks !== looks
      looks = slice.looks
      if ((sent || isRare) && !gate.isOpen()) return false
      if (slice.over()) return false
    }
  }

  /** Hands on the next row, or the next rows of a block. True: a batch went out. */
  private push(output: ExchangeOutput): boolean | typeof END | typeof PAUSE {
    const { pipeline } = this.options
    if (!isBlockCursor(pipeline)) {
      const row = pipeline.next()
      return typeof row === 'symbol' ? row : output.push(row)
    }
    if (this.block === undefined) {
      const block = pipeline.nextBlock(Number.POSITIVE_INFINITY)
      if (typeof block === 'symbol') return block
      this.block = block
      this.pushed = 0
    }
    const { block, pushed } = this
    this.pushed = Math.min(block.rows, pushed + BLOCK_ROWS)
    if (this.pushed === block.rows) this.block = undefined
    return output.pushBlock(block, pushed, this.pushed)
  }

  /** Lets the others run, and waits where there is no input. */
  private async rest(task: SourceTask, gate: Gate): Promise<void> {
    const { progressed, slice, inputs } = this.options
    progressed()
    // What was gathered so far goes to whoever waits for it; also to one who begins to wait while there is no input.
    if (gate.isOpen() && !slice.expired) {
      this.isResting = true
      await this.wakeups.any({ sinks: () => task.changed(), ...gate.awaited(), ...inputs.awaited() })
      this.isResting = false
    } else this.slices++
    task.flush()
    await macrotask()
  }
}
