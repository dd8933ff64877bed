import { type Clock, systemClock } from '../../base/clock.js'
import type { SinkPlan } from '../sink-plan.js'
import { PartWriter, type SinkEvent, type SinkHost, type WrittenFile } from './part-writer.js'
import type { RowEncoder } from './row-encoder.js'

/** Writes parts that hold whole splits: the leader hears of some splits and of all parts that hold their rows at once, and keeps both or none. */
export class SplitParts {
  readonly writer: PartWriter
  readonly #sink: SinkPlan
  readonly #host: SinkHost
  readonly #clock: Clock
  readonly #everyMs: number
  /** What is not told yet. */
  #splits: string[] = []
  #parts: WrittenFile[] = []
  #keptMs: number

  constructor(sink: SinkPlan, encoder: RowEncoder, host: SinkHost, clock: Clock = systemClock) {
    this.#sink = sink
    this.#host = host
    this.#clock = clock
    this.#everyMs = sink.parts?.resume?.everyMs ?? 0
    this.#keptMs = clock.now()
    this.writer = new PartWriter(sink, encoder, { ...host, tell: (event) => this.#told(event) })
  }

  /** All rows that came of a split have been added. Throws `SinkWrite`. */
  endSplit(split: string): void {
    this.#splits.push(split)
    if (this.#clock.now() - this.#keptMs < this.#everyMs) return
    this.writer.cut()
    this.#keep()
  }

  #told(event: SinkEvent): void {
    if (event.kind === 'wrote') {
      const { name, rows, bytes } = event
      this.#parts.push({ name, rows, bytes })
      return
    }
    this.#keep()
    this.#host.tell(event)
  }

  #keep(): void {
    if (this.#splits.length > 0) this.#host.tell({ kind: 'kept', sink: this.#sink.path, splits: this.#splits, parts: this.#parts })
    this.#splits = []
    this.#parts = []
    this.#keptMs = this.#clock.now()
  }
}
