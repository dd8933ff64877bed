import type { Sink } from '../stream/sink.js'
import type { Spill } from './spill.js'
import { SpillLog } from './spill-log.js'

/** What waits on disk for one receiver, in front of all that comes later. */
export class SinkSpill {
  private readonly log: SpillLog

  constructor(
    private readonly sink: Sink,
    spill: Spill,
    stage: string,
  ) {
    this.log = new SpillLog(spill, `${stage}, rows for participant ${sink.receiver}`)
  }

  get unreadBytes(): number {
    return this.log.cursors[0].unreadBytes
  }

  /** Throws `SpillFailed`, `SpillBudget`. */
  append(message: Uint8Array): void {
    this.log.append(message)
  }

  /** Reads back what the receiver has room for, which is at most its window; `sent` follows each message. Throws `SpillFailed`. */
  refill(sent: () => void): void {
    if (this.sink.isClosed) this.log.close()
    while (this.sink.isHungry) {
      const message = this.log.cursors[0].take()
      if (message === undefined) return
      this.sink.write(message)
      sent()
    }
  }

  close(): void {
    this.log.close()
  }
}
