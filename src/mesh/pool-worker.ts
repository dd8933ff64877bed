import type { ParticipantId } from '../base/ids.js'
import type { SetupMessage } from './setup.js'

/** starting until it says ready; then ready until it exits; leaving where it is being ended meanwhile. */
export type WorkerState = 'starting' | 'ready' | 'leaving' | 'gone'

/** What the pool asks of the thread, or whatever else, in which a worker lives. */
export interface WorkerHost {
  post(message: SetupMessage): void
  /** Of the process that it is. */
  readonly pid?: number | undefined
  /** The share of its life in which it was at work; undefined where nobody knows. */
  utilization?(): number | undefined
  /** Ends it by force. Resolves when it is gone. */
  terminate(): Promise<void>
}

/** A worker as its pool knows it. */
export interface PoolWorker {
  readonly id: ParticipantId
  readonly host: WorkerHost
  state: WorkerState
  hello: unknown
  /** Why it died, where it said so. */
  cause: unknown
  /** It was ended because it had nothing to do: it needs no successor. */
  isRetired: boolean
  /** It said that it serves, or why it does not. */
  readonly started: Signal
  /** It said that nothing of it runs any more. */
  readonly done: Signal
  /** It is gone. */
  readonly exited: Signal
}

/** Something that happens once. */
export class Signal {
  readonly happened: Promise<void>
  private resolve: () => void = () => {}

  constructor() {
    this.happened = new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  set(): void {
    this.resolve()
  }
}

export function createPoolWorker(id: ParticipantId, host: WorkerHost): PoolWorker {
  return {
    id,
    host,
    state: 'starting',
    hello: undefined,
    cause: undefined,
    isRetired: false,
    started: new Signal(),
    done: new Signal(),
    exited: new Signal(),
  }
}
