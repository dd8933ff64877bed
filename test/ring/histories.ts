import assert from 'node:assert/strict'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { FrameReader } from '../../src/frame/frame-reader.js'
import { FrameWriter } from '../../src/frame/frame-writer.js'
import { FRAME, lengthWord } from '../../src/frame/kinds.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'
import type { Scenario, ThreadOps } from '../support/explorer.js'
import { READER, RingStage, Seat, type Sleep, WRITER } from '../support/ring-stage.js'

/** How the writer leaves: it goes on, says GOODBYE, or dies, as the status word says. */
type Farewell = 'none' | 'goodbye' | 'death'

export interface History {
  /** Payload bytes of each frame that is written. */
  readonly frames: readonly number[]
  /** Where the counters begin, in bytes before they wrap; the ring wraps there too. */
  readonly before?: number
  /** Bytes of a PAD frame that fills the ring up to its wrap before anybody begins. */
  readonly padBytes?: number
  readonly farewell?: Farewell
  /** The reader leaves after so many frames. */
  readonly leavesAfter?: number
}

/** What each side does, and how a planted bug does it instead. */
export interface Conduct {
  readonly write: (outlet: FrameWriter, ring: RingWriter, seat: Seat, number: number, bytes: number) => boolean
  readonly awaitRoom: (outlet: FrameWriter, seat: Seat, sleep: Sleep) => void
  readonly awaitFrames: (inlet: FrameReader, ring: RingReader, seat: Seat, sleep: Sleep) => void
  readonly release: (inlet: FrameReader, seat: Seat) => void
  /** Whether the writer was dead before the ring was drained to its end. */
  readonly drain: (seat: Seat, read: () => void) => boolean
  readonly leave: (seat: Seat) => void
}

const STATUS_LOOK = (seat: Seat): boolean => seat.status.isDead

export const SOUND: Conduct = {
  write(outlet, _ring, seat, number, bytes) {
    if (!outlet.tryWrite(FRAME.DATA, number as PhysicalStreamId, payload(number, bytes), 0, bytes, -1)) return false
    outlet.publish()
    seat.wakePeer()
    return true
  },
  awaitRoom: (outlet, seat, sleep) => sleep(seat, () => outlet.wantRoom() || STATUS_LOOK(seat)),
  awaitFrames: (inlet, _ring, seat, sleep) => sleep(seat, () => inlet.hasMore() || STATUS_LOOK(seat)),
  release(inlet, seat) {
    if (inlet.release()) seat.wakePeer()
  },
  drain(seat, read) {
    const dead = STATUS_LOOK(seat)
    read()
    return dead
  },
  leave(seat) {
    seat.status.markDead()
    seat.wakePeer()
  },
}

export function payload(number: number, bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(number)
}

export interface Sleepers {
  readonly reader: Sleep
  readonly writer: Sleep
}

/** The history as a scenario: real frames on a real ring; its check lists what may come of it. */
export function scenarioOf(history: History, sleep: Sleepers, conduct: Conduct = SOUND): Scenario {
  const { padBytes = 0, before = 0 } = history
  const stage = new RingStage(2 ** 32 - before - padBytes)
  if (padBytes > 0) prefill(stage, padBytes)
  return {
    memory: stage.memory,
    plain: stage.plain,
    threads: {
      writer: (ops) => write(history, new Seat(ops, WRITER), sleep.writer, conduct, ops),
      reader: (ops) => read(history, new Seat(ops, READER), sleep.reader, conduct, ops),
    },
    check: ({ writer, reader }) => check(history, writer, reader as readonly string[]),
  }
}

function prefill({ region }: RingStage, padBytes: number): void {
  const ring = new RingWriter(region)
  const at = ring.claim(padBytes)
  ring.data[(at >> 2) + 1] = lengthWord(FRAME.PAD, padBytes - 8)
  ring.publish()
}

function write({ frames, farewell = 'none' }: History, seat: Seat, sleep: Sleep, conduct: Conduct, ops: ThreadOps): string {
  const ring = new RingWriter(seat.region, ops.atomics)
  const outlet = new FrameWriter(ring)
  ops.begin()
  for (const [number, bytes] of frames.entries()) {
    ops.mark(outlet, ring, seat, { number })
    while (!conduct.write(outlet, ring, seat, number + 1, bytes)) {
      if (STATUS_LOOK(seat)) return 'left alone'
      conduct.awaitRoom(outlet, seat, sleep)
      ops.mark(outlet, ring, seat, { number })
    }
  }
  if (farewell === 'goodbye') sayGoodbye(outlet, seat, sleep, conduct)
  else if (farewell === 'death') conduct.leave(seat)
  return 'done'
}

function sayGoodbye(outlet: FrameWriter, seat: Seat, sleep: Sleep, conduct: Conduct): void {
  const nothing = new Uint8Array(0)
  while (!outlet.tryWrite(FRAME.GOODBYE, 0 as PhysicalStreamId, nothing, 0, 0, -1)) conduct.awaitRoom(outlet, seat, sleep)
  outlet.publish()
  seat.wakePeer()
}

/** What arrived, in order: `2 x 500` is the second frame, whole. */
function read(history: History, seat: Seat, sleep: Sleep, conduct: Conduct, ops: ThreadOps): readonly string[] {
  const { frames, farewell = 'none', leavesAfter = Number.POSITIVE_INFINITY } = history
  const ring = new RingReader(seat.region, ops.atomics)
  const inlet = new FrameReader(ring)
  const got: string[] = []
  const enough = (): boolean =>
    got.at(-1) === 'goodbye' || got.length >= leavesAfter || (farewell === 'none' && got.length === frames.length)
  ops.begin()
  for (;;) {
    ops.mark(inlet, ring, seat, got)
    const dead = conduct.drain(seat, () => {
      while (!enough() && inlet.next()) got.push(frameText(inlet))
      conduct.release(inlet, seat)
    })
    if (got.length >= leavesAfter) conduct.leave(seat)
    if (enough()) return got
    if (dead) return [...got, 'lost']
    conduct.awaitFrames(inlet, ring, seat, sleep)
  }
}

function frameText(inlet: FrameReader): string {
  if (inlet.kind === FRAME.GOODBYE) return 'goodbye'
  const bytes = inlet.copy()
  return bytes.every((byte) => byte === inlet.id) ? `${inlet.id} x ${bytes.length}` : `${inlet.id} torn`
}

/** The outcomes that may be. */
function check({ frames, farewell = 'none', leavesAfter }: History, writer: unknown, reader: readonly string[]): void {
  const whole = frames.map((bytes, number) => `${number + 1} x ${bytes}`)
  const ends = { none: [], goodbye: ['goodbye'], death: ['lost'] }[farewell]
  assert.deepEqual(reader, leavesAfter === undefined ? [...whole, ...ends] : whole.slice(0, leavesAfter))
  if (leavesAfter === undefined) assert.equal(writer, 'done')
  else assert.ok(writer === 'done' || writer === 'left alone')
}
