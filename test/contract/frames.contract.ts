import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { align8, FRAME, FRAME_HEADER_BYTES, type FrameKind, TOTAL_PREFIX_BYTES } from '../../src/frame/kinds.js'
import type { FrameInlet, FrameOutlet } from '../../src/frame/ports.js'

/** Both ends of one direction of a link. */
export interface FramePair {
  readonly outlet: FrameOutlet
  readonly inlet: FrameInlet
}

interface Expected {
  readonly kind: FrameKind
  readonly id: PhysicalStreamId
  readonly payload: Uint8Array
}

const ID = 0xfedc_ba98 as PhysicalStreamId
const NOTHING = new Uint8Array(0)
const sizeOf = (payloadBytes: number): number => align8(FRAME_HEADER_BYTES + payloadBytes)
const numbered = (length: number, first = 1): Uint8Array => Uint8Array.from({ length }, (_, at) => (first + at * 7) & 0xff)

function write(outlet: FrameOutlet, kind: FrameKind, payload: Uint8Array, id: PhysicalStreamId = ID): boolean {
  return outlet.tryWrite(kind, id, payload, 0, payload.length, -1)
}

function read(inlet: FrameInlet): Expected | undefined {
  if (!inlet.next()) return undefined
  return { kind: inlet.kind as FrameKind, id: inlet.id, payload: Uint8Array.from(inlet.copy()) }
}

function withTotal(total: number, piece: Uint8Array): Uint8Array {
  const whole = new Uint8Array(TOTAL_PREFIX_BYTES + piece.length)
  new DataView(whole.buffer).setUint32(0, total, true)
  whole.set(piece, TOTAL_PREFIX_BYTES)
  return whole
}

/** Fills it up with frames of F; returns how many fitted. */
function fillUp({ outlet }: FramePair): number {
  let frames = 0
  while (write(outlet, FRAME.DATA, numbered(outlet.payloadBytesMax, frames))) frames++
  return frames
}

/** What anything must hold that carries frames from one participant to another. `make` is asked for a fresh pair of this capacity. */
export function framesContract(name: string, make: (capacityBytes: number) => FramePair): void {
  const say = (sentence: string): string => `${name}: ${sentence}`

  test(say('a frame is not seen before it is published, and then at once'), () => {
    const { outlet, inlet } = make(4096)
    assert.equal(outlet.publish(), false)
    assert.equal(write(outlet, FRAME.DATA, numbered(9)), true)
    assert.equal(inlet.hasMore(), false)
    assert.equal(inlet.next(), false)
    assert.equal(outlet.publish(), true)
    assert.equal(outlet.publish(), false)
    assert.equal(inlet.hasMore(), true)
    assert.deepEqual(read(inlet), { kind: FRAME.DATA, id: ID, payload: numbered(9) })
    assert.equal(inlet.hasMore(), false)
    assert.equal(inlet.next(), false)
  })

  test(say('every kind of frame comes out as it went in, in order'), () => {
    const { outlet, inlet } = make(4096)
    const sent: Expected[] = [
      { kind: FRAME.DATA, id: 0 as PhysicalStreamId, payload: numbered(1) },
      { kind: FRAME.DATA_MORE, id: ID, payload: numbered(512) },
      { kind: FRAME.END, id: 0xffff_ffff as PhysicalStreamId, payload: numbered(16) },
      { kind: FRAME.ERROR, id: ID, payload: numbered(512) },
      { kind: FRAME.RESET, id: ID, payload: numbered(3) },
      { kind: FRAME.CALL, id: 0x8000_0000 as PhysicalStreamId, payload: numbered(24) },
      { kind: FRAME.GOODBYE, id: 0 as PhysicalStreamId, payload: NOTHING },
    ]
    for (const { kind, id, payload } of sent) assert.equal(write(outlet, kind, payload, id), true)
    outlet.publish()
    assert.deepEqual(
      sent.map(() => read(inlet)),
      sent,
    )
    assert.equal(inlet.next(), false)
  })

  test(say('a piece of a larger buffer is sent alone, after the total where one is given'), () => {
    const { outlet, inlet } = make(4096)
    const bytes = numbered(1000)
    outlet.tryWrite(FRAME.DATA, ID, bytes, 3, 10, -1)
    outlet.tryWrite(FRAME.DATA_MORE, ID, bytes, 5, 5 + 508, 0x0fff_ffff)
    outlet.publish()
    assert.deepEqual(read(inlet)?.payload, bytes.slice(3, 10))
    assert.deepEqual(read(inlet)?.payload, withTotal(0x0fff_ffff, bytes.slice(5, 5 + 508)))
  })

  test(say('part of a payload is copied to any place, aligned or not'), () => {
    const { outlet, inlet } = make(0x1_0000)
    const payload = numbered(8000)
    write(outlet, FRAME.DATA, payload)
    outlet.publish()
    inlet.next()
    assert.equal(inlet.length, 8000)
    for (const [offset, from] of [
      [0, 0],
      [3, 4],
      [8, 4],
      [1, 7999],
    ]) {
      const target = new Uint8Array(8200).fill(0xee)
      inlet.copyInto(target, offset, from)
      const expected = new Uint8Array(8200).fill(0xee)
      expected.set(payload.subarray(from), offset)
      assert.deepEqual(target, expected)
    }
    assert.throws(() => inlet.copyInto(new Uint8Array(7999), 0, 0), RangeError)
  })

  test(say('what was copied stays as it is when its place is used again'), () => {
    const pair = make(4096)
    write(pair.outlet, FRAME.DATA, numbered(300, 1))
    pair.outlet.publish()
    pair.inlet.next()
    const kept = pair.inlet.copy()
    pair.inlet.release()
    for (let round = 0; round < 30; round++) {
      write(pair.outlet, FRAME.DATA, numbered(512, round))
      pair.outlet.publish()
      pair.inlet.next()
      pair.inlet.release()
    }
    assert.deepEqual(Uint8Array.from(kept), numbered(300, 1))
  })

  test(say('a payload larger than F is refused and writes nothing'), () => {
    const { outlet, inlet } = make(4096)
    assert.equal(outlet.payloadBytesMax, 512)
    assert.throws(() => write(outlet, FRAME.DATA, numbered(513)), { code: 'Internal' })
    assert.throws(() => outlet.tryWrite(FRAME.DATA_MORE, ID, numbered(600), 0, 509, 600), { code: 'Internal' })
    assert.equal(outlet.publish(), false)
    assert.equal(inlet.next(), false)
  })

  test(say('F is an eighth of the capacity and at most 64 KiB'), () => {
    assert.equal(make(4096).outlet.payloadBytesMax, 512)
    assert.equal(make(0x8_0000).outlet.payloadBytesMax, 0x1_0000)
    assert.equal(make(0x40_0000).outlet.payloadBytesMax, 0x1_0000)
  })

  test(say('when it is full a frame is refused whole, and room comes back with release'), () => {
    const pair = make(4096)
    const frames = fillUp(pair)
    assert.ok(frames >= 6)
    pair.outlet.publish()
    assert.equal(pair.inlet.next(), true)
    assert.equal(write(pair.outlet, FRAME.DATA, numbered(512)), false)
    pair.inlet.release()
    assert.equal(write(pair.outlet, FRAME.DATA, numbered(448)), true)
    pair.outlet.publish()
    for (let frame = 1; frame < frames; frame++) assert.deepEqual(read(pair.inlet)?.payload, numbered(512, frame))
    assert.deepEqual(read(pair.inlet)?.payload, numbered(448))
    assert.equal(pair.inlet.next(), false)
  })

  test(say('whoever wants room is to be woken once, by the release that frees some'), () => {
    const pair = make(4096)
    fillUp(pair)
    pair.outlet.publish()
    assert.equal(pair.outlet.wantRoom(), false)
    assert.equal(pair.inlet.release(), false)
    pair.inlet.next()
    assert.equal(pair.outlet.wantRoom(), false)
    assert.equal(pair.inlet.release(), true)
    assert.equal(pair.outlet.wantRoom(), false)
    // However much of it is freed on the way.
    while (pair.inlet.next());
    assert.equal(pair.inlet.release(), true)
    assert.equal(pair.inlet.release(), false)
    assert.equal(pair.outlet.wantRoom(), true)
    assert.equal(write(pair.outlet, FRAME.DATA, numbered(512)), true)
  })

  test(say('nobody is woken for room that nobody wants'), () => {
    const pair = make(4096)
    fillUp(pair)
    pair.outlet.publish()
    while (pair.inlet.next()) assert.equal(pair.inlet.release(), false)
  })

  test(say('a long run that is published late is told by the publish that ends it'), () => {
    const pair = make(4096)
    assert.ok(fillUp(pair) >= 6)
    assert.equal(pair.outlet.publish(), true)
    assert.equal(pair.outlet.publish(), false)
  })

  test(say('published bytes are those of the frames'), () => {
    const { outlet } = make(4096)
    write(outlet, FRAME.DATA, numbered(1))
    write(outlet, FRAME.DATA, numbered(9))
    assert.equal(outlet.publishedBytes, 0)
    outlet.publish()
    assert.equal(outlet.publishedBytes, sizeOf(1) + sizeOf(9))
  })

  test(say('every interleaving of writing, publishing, reading and releasing is that of a queue'), () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200, size: 'max' }), (commands) => {
        const model = new QueueModel(make(4096))
        for (const [kind, length] of commands) model[kind](length)
        model.finish()
      }),
    )
  })
}

const command = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('write' as const), fc.integer({ min: 1, max: 512 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('write' as const), fc.constant(512)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('publish' as const), fc.constant(0)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('read' as const), fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('release' as const), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('want' as const), fc.constant(0)) },
)

/** What may be lost before a wrap that is in use. */
const PAD_BYTES_MAX = 512

/** The naive queue that a pair is compared with. Frames are numbered by their first byte. */
class QueueModel {
  private readonly frames: Uint8Array[] = []
  private published = 0
  private readCount = 0
  private released = 0
  private wantedAt = Number.POSITIVE_INFINITY
  private everWanted = false

  constructor(private readonly pair: FramePair) {}

  write(length: number): void {
    const payload = numbered(length, this.frames.length)
    const free = 4096 - this.bytes(this.released, this.frames.length)
    const done = write(this.pair.outlet, FRAME.DATA, payload)
    if (free >= PAD_BYTES_MAX + 2 * sizeOf(length)) assert.equal(done, true, 'there was room, wherever the wrap')
    if (4096 - this.bytes(this.readCount, this.frames.length) < sizeOf(length)) assert.equal(done, false, 'there was no room')
    if (done) this.frames.push(payload)
  }

  publish(): void {
    const due = this.frames.length > this.published
    assert.equal(this.pair.outlet.publish(), due)
    this.published = this.frames.length
  }

  read(): void {
    const { inlet } = this.pair
    const more = inlet.hasMore()
    assert.equal(inlet.next(), more)
    // A long run may be seen early, but whole frames only.
    if (this.readCount < this.published) assert.equal(more, true, 'what was published is seen')
    else if (more) assert.ok(this.readCount < this.frames.length, 'what is seen was written')
    if (!more) return
    assert.deepEqual(Uint8Array.from(inlet.copy()), this.frames[this.readCount++])
  }

  release(): void {
    const due = this.pair.inlet.release()
    // What was read before room was wanted may have been freed, and seen, before. Once too often does no harm.
    if (this.readCount > this.wantedAt) assert.equal(due, true, 'the writer is to be woken')
    if (!this.everWanted) assert.equal(due, false, 'nobody waits')
    if (due) this.wantedAt = Number.POSITIVE_INFINITY
    this.released = this.readCount
  }

  want(): void {
    const there = this.pair.outlet.wantRoom()
    this.wantedAt = Math.min(this.wantedAt, this.readCount)
    this.everWanted = true
    if (there) {
      assert.equal(write(this.pair.outlet, FRAME.DATA, numbered(512, this.frames.length)), true, 'wantRoom promised it')
      this.frames.push(numbered(512, this.frames.length))
    } else assert.ok(this.bytes(this.released, this.frames.length) > 4096 - PAD_BYTES_MAX - 2 * sizeOf(512))
  }

  finish(): void {
    this.publish()
    while (this.readCount < this.frames.length) this.read()
    assert.equal(this.pair.inlet.next(), false)
    this.release()
    assert.equal(this.pair.outlet.wantRoom(), true)
  }

  private bytes(from: number, to: number): number {
    return this.frames.slice(from, to).reduce((sum, frame) => sum + sizeOf(frame.length), 0)
  }
}
