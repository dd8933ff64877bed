import { allocate } from './allocation.js'

/** What it keeps of memory that came back, in bytes. */
const KEPT_BYTES_MAX = 0x20_0000

/**
 * Memory for bytes whose holder says when it is done with them. What came back last goes out first: it is still in the processor's cache.
 */
export class Recycler {
  private readonly kept: ArrayBuffer[] = []
  private keptBytes = 0

  /** Not cleared: it is to be overwritten at once. */
  allocate(sizeBytes: number): Uint8Array {
    const at = this.kept.findLastIndex(({ byteLength }) => byteLength >= sizeBytes)
    if (at < 0) return allocate(sizeBytes)
    const [buffer] = this.kept.splice(at, 1)
    this.keptBytes -= buffer.byteLength
    return new Uint8Array(buffer, 0, sizeBytes)
  }

  /** Takes back what `allocate` gave, unless it was transferred meanwhile. What came back first goes where there is too much. */
  takeBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength === 0) return
    this.kept.push(buffer)
    this.keptBytes += buffer.byteLength
    while (this.keptBytes > KEPT_BYTES_MAX) this.keptBytes -= (this.kept.shift() as ArrayBuffer).byteLength
  }
}
