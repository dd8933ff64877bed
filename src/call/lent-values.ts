import { allocate } from '../memory/allocation.js'
import { Recycler } from '../memory/recycler.js'
import { RAW_BYTES } from './value-writer.js'

/** The long values of one stream that its consumer has for a while: their memory comes back when it asks for more. */
export class LentValues {
  private readonly recycler = new Recycler()
  private readonly out: Uint8Array[] = []

  /** For a message of the stream. Short ones hold several values, which nobody gives back. */
  readonly allocate = (sizeBytes: number): Uint8Array => (sizeBytes > RAW_BYTES ? this.recycler.allocate(sizeBytes) : allocate(sizeBytes))

  add(value: Uint8Array): void {
    this.out.push(value)
  }

  takeBack(): void {
    for (let value = this.out.pop(); value !== undefined; value = this.out.pop()) this.recycler.takeBack(value)
  }
}
