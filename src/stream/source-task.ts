import { setMaxListeners } from 'node:events'
import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { Sink } from './sink.js'

/** What is produced, once, for one or more receivers. Planning registers it; the first START runs it. */
export interface StreamSource {
  readonly id: PhysicalStreamId
  readonly receivers: readonly ParticipantId[]
  /** `calls`: an error follows the data written before. `flows`: an error discards it. */
  readonly delivery: 'calls' | 'flows'
  /** Runs the producer: writes to the sinks, each in its own measure, until it returns (END to all it has not finished) or throws (ERROR). */
  run(task: SourceTask): Promise<void>
  /** Nobody wants it and it never ran: lets go of its inputs. */
  dispose(): void
  /** It runs, and nobody wants it any more. May be told more than once. */
  readonly left?: () => void
  /** For a stall report: what it is and does. */
  readonly describe?: () => SourceActivity
}

/** What keeps a source from its input: rows that wait in memory, or rows that wait on disk. */
export interface ClosedGate {
  readonly for: 'gate' | 'disk'
  readonly words: string
}

/** What a running source tells of itself. */
export interface SourceActivity {
  /** As the user knows it, such as "handler 'count'". */
  readonly name: string
  /** What it waits for though its receivers want more. Undefined: it computes, or nobody knows. */
  readonly waitsFor?: string | undefined
  /** Why it waits for its receivers though one of them wants more. */
  readonly gate?: ClosedGate | undefined
  /** Goes up while it works without sending. */
  readonly steps?: number
}

/** What a running source needs of the session. */
export interface TaskHost {
  /** Sends what the sinks hold, as far as there is room and credit. */
  flush(): void
  /** Lets the Control Service look at its rings: state changes only. */
  poll(): void
}

/** One execution of a source. It ends when the producer does, or when all its sinks are closed. */
export class SourceTask {
  private change: Promise<void> | undefined
  private resolveChange: (() => void) | undefined
  private controller: AbortController | undefined

  constructor(
    readonly sinks: readonly Sink[],
    private readonly host: TaskHost,
  ) {}

  /** Whether nobody wants anything more. */
  get isCancelled(): boolean {
    for (const sink of this.sinks) if (!sink.isClosed) return false
    return true
  }

  /** Aborted once all sinks are closed. Made on first use. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      // A handler may give it to as many as it likes.
      setMaxListeners(0, this.controller.signal)
      if (this.isCancelled) this.controller.abort()
    }
    return this.controller.signal
  }

  /** Resolves at the next change of any sink: hungry, starving, or closed. */
  changed(): Promise<void> {
    this.change ??= new Promise((resolve) => {
      this.resolveChange = resolve
    })
    return this.change
  }

  flush(): void {
    this.host.flush()
  }

  poll(): void {
    this.host.poll()
  }

  /** For the session: a sink changed. */
  notify(): void {
    const resolve = this.resolveChange
    this.change = undefined
    this.resolveChange = undefined
    resolve?.()
    const { controller } = this
    // Later, because a listener is somebody's code, and we may be in the midst of reading control records.
    if (controller !== undefined && this.isCancelled) queueMicrotask(() => controller.abort())
  }
}
