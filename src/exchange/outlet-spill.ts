import type { Sink } from '../stream/sink.js'
import type { Spill } from './spill.js'
import { SpillLog } from './spill-log.js'

/** What waits on disk for the receivers of an outlet, in front of all that comes later: written once, and read by each at its own pace. */
export class OutletSpill {
  private readonly log: SpillLog

  constructor(
    private readonly sinks: readonly Sink[],
    spill: Spill,
    stage: string,
  ) {
    const receivers = sinks.map(({ receiver }) => receiver).join(', ')
    this.log = new SpillLog(spill, `${stage}, rows for participant${sinks.length > 1 ? 's' : ''} ${receivers}`, sinks.length)
  }

  /** Bytes that wait on disk, however many receivers they wait for. */
  get unreadBytes(): number {
    return this.log.cursors.reduce((most, { unreadBytes }) => Math.max(most, unreadBytes), 0)
  }

  /** Whether something waits for the receiver of this index. */
  isBehind(receiver: number): boolean {
    return this.log.cursors[receiver].unreadBytes > 0
  }

  /** Keeps a message for the receivers of these indexes; the others have had it. Throws `SpillFailed`, `SpillBudget`. */
  append(message: Uint8Array, receivers: readonly number[]): void {
    this.forgetClosed()
    this.log.append(message, receivers)
  }

  /** Reads back what each receiver has room for, which is at most its window; `sent` follows each message. Throws `SpillFailed`. */
  refill(sent: () => void): void {
    this.forgetClosed()
    this.sinks.forEach((sink, receiver) => {
      while (sink.isHungry) {
        const message = this.log.cursors[receiver].take()
        if (message === undefined) return
        sink.write(message)
        sent()
      }
    })
  }

  close(): void {
    this.log.close()
  }

  private forgetClosed(): void {
    this.sinks.forEach((sink, receiver) => {
      if (sink.isClosed) this.log.cursors[receiver].close()
    })
    if (this.log.cursors.every(({ isOpen }) => !isOpen)) this.close()
  }
}
