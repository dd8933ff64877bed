import { ProtocolError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'
import { TOTAL_PREFIX_BYTES } from '../frame/kinds.js'
import type { FrameInlet } from '../frame/ports.js'

/** Below this a message gets its memory at once; above, memory grows with the bytes that really arrived. */
const EAGER_BYTES = 0x10_0000

/** Puts a message together that came in several frames. */
export class Assembly {
  private bytes: Uint8Array
  private filled = 0

  /** From the first fragment, which begins with the total. Throws `ProtocolError`. */
  constructor(
    inlet: FrameInlet,
    payloadMax: number,
    private readonly allocate: (sizeBytes: number) => Uint8Array = (sizeBytes) => new Uint8Array(sizeBytes),
  ) {
    this.totalBytes = inlet.firstWord()
    if (this.totalBytes > LIMITS.messageBytesMax || this.totalBytes <= payloadMax) {
      throw new ProtocolError(`a message of ${this.totalBytes} bytes in fragments of ${payloadMax}`)
    }
    this.bytes = this.allocate(Math.min(this.totalBytes, EAGER_BYTES))
    inlet.copyInto(this.bytes, 0, TOTAL_PREFIX_BYTES)
    this.filled = inlet.length - TOTAL_PREFIX_BYTES
  }

  readonly totalBytes: number

  /** Bytes received, the prefix included. */
  get receivedBytes(): number {
    return this.filled + TOTAL_PREFIX_BYTES
  }

  /** Adds a fragment. True: the message is complete. Throws `ProtocolError` where it does not fit. */
  add(inlet: FrameInlet, last: boolean): boolean {
    const end = this.filled + inlet.length
    if (end > this.totalBytes || last !== (end === this.totalBytes)) {
      throw new ProtocolError(`${end} of ${this.totalBytes} bytes of a message with its ${last ? 'last' : 'next'} fragment`)
    }
    if (end > this.bytes.length) this.grow(end)
    inlet.copyInto(this.bytes, this.filled, 0)
    this.filled = end
    return last
  }

  get message(): Uint8Array {
    return this.bytes
  }

  private grow(needed: number): void {
    const larger = this.allocate(Math.min(this.totalBytes, Math.max(needed, 2 * this.bytes.length)))
    larger.set(this.bytes.subarray(0, this.filled))
    this.bytes = larger
  }
}
