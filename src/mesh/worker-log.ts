import type { SetupReply } from './setup.js'

/** So many records may be on their way to the leader: it may be slow, and what is posted to it waits in its memory. */
const RECORDS_MAX = 1000

/** What a worker logs, on its way to the leader. */
export class WorkerLog {
  private onTheirWay = 0
  private dropped = 0

  constructor(private readonly post: (reply: SetupReply) => void) {}

  add(record: Uint8Array): void {
    if (this.onTheirWay >= RECORDS_MAX) {
      this.dropped++
      return
    }
    this.onTheirWay++
    this.post({ kind: 'log', record, dropped: this.dropped })
    this.dropped = 0
  }

  /** The leader took so many. */
  taken(records: number): void {
    this.onTheirWay -= records
  }
}
