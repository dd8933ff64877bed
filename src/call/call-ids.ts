import { assert } from '../base/assert.js'

const IDS_MAX = 0x8000
const GENERATION_MASK = 0xffff

/** One use of an id towards one peer. */
export interface CallId {
  readonly logical: number
  readonly generation: number
}

/** Ids of calls towards one peer. An id is used again, with the next generation, only after its terminal frame was read. */
export class CallIds {
  private readonly free: number[] = []
  private readonly generations: number[] = []

  acquire(): CallId {
    const logical = this.free.pop() ?? this.generations.length
    assert(logical < IDS_MAX, 'more calls open than there are ids')
    const generation = ((this.generations[logical] ?? 0) + 1) & GENERATION_MASK
    this.generations[logical] = generation
    return { logical, generation }
  }

  release(id: CallId): void {
    this.free.push(id.logical)
  }
}
