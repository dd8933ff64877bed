import { serve } from 'millrace'

export interface Load {
  readonly count: number
  readonly bytes: number
}

export default serve({
  /** The same bytes again and again: what is measured is the way, not the making. */
  *messages({ count, bytes }: Load): Generator<Uint8Array> {
    const message = new Uint8Array(bytes).fill(1)
    for (let sent = 0; sent < count; sent++) yield message
  },
})
