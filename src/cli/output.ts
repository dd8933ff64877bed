import type { ShellStream } from './shell.js'

/** Text is handed on in pieces of about this many characters: one write per row costs more than the row. */
const PIECE_LENGTH = 0x1_0000

/**
 * Standard output: gathers text, honours backpressure, and notices when its reader has left.
 * What was written before the event loop turns goes out then, so a slow flow shows each row at once.
 */
export class Output {
  readonly #stream: ShellStream
  readonly #beforeSend: () => void
  #pending = ''
  #scheduled = false
  #closed = false
  #failure: Error | undefined
  #waiting: (() => void)[] = []
  #onClosed: () => void = () => {}

  /** `beforeSend` is called before text goes out: on a terminal it takes the progress line away. */
  constructor(stream: ShellStream, beforeSend: () => void = () => {}) {
    this.#stream = stream
    this.#beforeSend = beforeSend
    stream.on('drain', this.#wake)
    stream.on('close', this.#close)
    stream.on('error', this.#fail)
  }

  /** Whether nobody reads any more; what is written then is dropped. */
  get closed(): boolean {
    return this.#closed
  }

  /** Called once, when the reader leaves or the stream fails. */
  onClosed(callback: () => void): void {
    this.#onClosed = callback
  }

  /** The error of the stream, if it failed otherwise than by its reader leaving. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Drops what was not sent and waits for nothing any more. */
  abandon(): void {
    this.#close()
  }

  /** Takes text. A promise means: wait for it before writing more. Throws or rejects with the stream's error, except EPIPE. */
  write(text: string): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#closed) return undefined
    this.#pending += text
    if (this.#pending.length >= PIECE_LENGTH) this.#send()
    else this.#schedule()
    return this.#stream.writableNeedDrain ? this.#drained() : undefined
  }

  /** Sends what is left and waits until the stream has taken all. The stream stays open, it belongs to the process. */
  async finish(): Promise<void> {
    this.#send()
    if (!this.#closed) await new Promise<void>((resolve) => this.#stream.write('', () => resolve()))
    this.#stream.off('drain', this.#wake)
    this.#stream.off('close', this.#close)
    // The error listener stays: a pipe may break after its last write, and that must not end the process.
    if (this.#failure !== undefined) throw this.#failure
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #send(): void {
    if (this.#pending === '' || this.#closed) return
    const text = this.#pending
    this.#pending = ''
    this.#beforeSend()
    this.#stream.write(text)
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#failure !== undefined) throw this.#failure
  }

  readonly #wake = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  readonly #close = (): void => {
    if (this.#closed) return
    this.#closed = true
    this.#pending = ''
    this.#wake()
    this.#onClosed()
  }

  readonly #fail = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') this.#failure ??= error
    this.#close()
  }
}
