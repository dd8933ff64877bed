import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** Holds the event loop open while something is waited for, and lets go after. No timer. */
export class Hold {
  private count = 0
  private port: MessagePort | undefined

  /** `changed` is told of everything that begins or ceases to be waited for. */
  constructor(private readonly changed: (by: 1 | -1) => void = () => {}) {}

  change(by: 1 | -1): void {
    this.count += by
    if (this.count === 1 && by === 1) this.take()
    else if (this.count === 0) this.port?.unref()
    this.changed(by)
  }

  /** Gives back the port. What is held stays held. */
  close(): void {
    if (this.isHeld) return
    this.port?.close()
    this.port = undefined
  }

  get isHeld(): boolean {
    return this.count > 0
  }

  private take(): void {
    if (this.port === undefined) {
      this.port = new MessageChannel().port1
      // A port without a listener holds nothing open.
      this.port.on('message', () => {})
    }
    this.port.ref()
  }
}
