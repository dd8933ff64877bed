import { ControlReader } from '../../src/frame/control-reader.js'
import type { ControlInlet, ControlOutlet } from '../../src/frame/control-record.js'
import { ControlWriter } from '../../src/frame/control-writer.js'
import { FrameReader } from '../../src/frame/frame-reader.js'
import { FrameWriter } from '../../src/frame/frame-writer.js'
import { MemoryControls } from '../../src/frame/memory-controls.js'
import { MemoryFrames } from '../../src/frame/memory-frames.js'
import { ParcelControlReader, ParcelControlWriter } from '../../src/frame/parcel-controls.js'
import { ParcelFrameReader, ParcelFrameWriter } from '../../src/frame/parcel-frames.js'
import type { Parcel } from '../../src/frame/parcels.js'
import type { FrameInlet, FrameOutlet } from '../../src/frame/ports.js'
import { Recycler } from '../../src/memory/recycler.js'
import { initRing, type RingRegion, ringSizeBytes } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'
import type { LinkCondition, LinkEnd } from '../../src/stream/link-end.js'

export interface LinkOptions {
  /** Capacity of both data rings. */
  readonly ringBytes?: number
  /** Capacity of the data ring from b to a, where it is another. */
  readonly backRingBytes?: number
  /** Rings the bell of one end. */
  readonly wakeA?: () => void
  readonly wakeB?: () => void
}

/** Two ends of a link, and what a test does to it. */
export interface Link {
  readonly a: LinkEnd
  readonly b: LinkEnd
  /** One participant dies: the other end sees the link lost. */
  kill(who: 'a' | 'b'): void
  /** Whether everything published on all rings was read. */
  isDrained(): boolean
  /** Where it takes turns of the event loop to carry something: whether nothing is under way. */
  isQuiet?(): boolean
  /** How often each end was released. */
  readonly releases: { a: number; b: number }
}

/** What a contract suite runs over. */
export type LinkFactory = (options?: LinkOptions) => Link

interface Direction {
  readonly frames: { readonly outlet: FrameOutlet; readonly inlet: FrameInlet }
  readonly controls: { readonly outlet: ControlOutlet; readonly inlet: ControlInlet }
}

/** Joins two directions, `ab` from a to b, to a link. */
function joinLink(ab: Direction, ba: Direction, options: LinkOptions): Link {
  const conditions: { a: LinkCondition; b: LinkCondition } = { a: 'open', b: 'open' }
  const releases = { a: 0, b: 0 }
  const wake = { a: () => options.wakeA?.(), b: () => options.wakeB?.() }
  const end = (self: 'a' | 'b', out: Direction, into: Direction): LinkEnd => {
    const other = self === 'a' ? 'b' : 'a'
    return {
      frames: { outlet: out.frames.outlet, inlet: into.frames.inlet },
      controls: { outlet: out.controls.outlet, inlet: into.controls.inlet },
      wakePeer: wake[other],
      condition: () => conditions[self],
      fail: () => {
        if (conditions[other] === 'open') conditions[other] = 'failed'
      },
      release: () => {
        releases[self]++
      },
    }
  }
  return {
    a: end('a', ab, ba),
    b: end('b', ba, ab),
    kill(who) {
      const other = who === 'a' ? 'b' : 'a'
      conditions[other] = 'lost'
      wake[other]()
    },
    isDrained: () => [ab, ba].every(({ frames, controls }) => !frames.inlet.hasMore() && !controls.inlet.hasMore()),
    releases,
  }
}

function memoryDirection(ringBytes: number | undefined): Direction {
  const frames = new MemoryFrames(ringBytes)
  const controls = new MemoryControls()
  return { frames: { outlet: frames, inlet: frames }, controls: { outlet: controls, inlet: controls } }
}

/** A link within a thread, over queues. */
export const memoryLink: LinkFactory = (options = {}) =>
  joinLink(memoryDirection(options.ringBytes), memoryDirection(options.ringBytes), options)

/** A participant's link to itself: what goes out comes in. */
export function selfLink(options: { ringBytes?: number; wake: () => void }): LinkEnd {
  const direction = memoryDirection(options.ringBytes)
  return { ...direction, wakePeer: options.wake, condition: () => 'open', fail: () => {}, release: () => {} }
}

const DEFAULT_RING_BYTES = 0x10_0000
const CONTROL_RING_BYTES = 0x1000
/** Near the end of u32, so that every test passes the wrap. */
const START_POSITION = 2 ** 32 - 1024

function newRing(capacity: number): RingRegion {
  const region = { segment: new ArrayBuffer(ringSizeBytes(capacity)), offset: 0, capacity }
  initRing(region, START_POSITION)
  return region
}

function ringDirection(data: RingRegion, control: RingRegion): Direction {
  return {
    frames: { outlet: new FrameWriter(new RingWriter(data)), inlet: new FrameReader(new RingReader(data)) },
    controls: { outlet: new ControlWriter(new RingWriter(control)), inlet: new ControlReader(new RingReader(control)) },
  }
}

const PARCEL_HEADER_BYTES = 8

/** What waits for an inlet to have read all: what was read is flushed. Its `release` says whether that freed room that was wanted. */
function heldUntilRead(inlet: { hasMore(): boolean; release(): boolean }) {
  const waiting: Parcel[] = []
  let isDue = false
  inlet.release = () => {
    if (!inlet.hasMore()) for (const parcel of waiting.splice(0)) parcel.flushed()
    const wasDue = isDue
    isDue = false
    return wasDue
  }
  const freed = () => {
    isDue = true
  }
  return { hold: (parcel: Parcel) => void waiting.push(parcel), freed }
}

/** One direction of a link over a socket whose other end reads at once. */
function parcelDirection(ringBytes: number): Direction {
  const frames = new ParcelFrameReader(ringBytes)
  const controls = new ParcelControlReader()
  const port = (inlet: { arrived(bytes: Uint8Array): void }, hold: (parcel: Parcel) => void) => ({
    headerBytes: PARCEL_HEADER_BYTES,
    isWaiting: () => false,
    send: (parcel: Parcel) => {
      inlet.arrived(parcel.bytes.slice(PARCEL_HEADER_BYTES))
      hold(parcel)
    },
  })
  const ofFrames = heldUntilRead(frames)
  const ofControls = heldUntilRead(controls)
  return {
    frames: { outlet: new ParcelFrameWriter(ringBytes, port(frames, ofFrames.hold), new Recycler(), ofFrames.freed), inlet: frames },
    controls: { outlet: new ParcelControlWriter(port(controls, ofControls.hold), ofControls.freed), inlet: controls },
  }
}

/** A link over sockets, without the sockets. */
export const parcelLink: LinkFactory = (options = {}) => {
  const { ringBytes = DEFAULT_RING_BYTES, backRingBytes = ringBytes } = options
  return joinLink(parcelDirection(ringBytes), parcelDirection(backRingBytes), options)
}

/** The rings of a link, for a test that spoils them. */
export interface Regions {
  readonly ab: RingRegion
  readonly ba: RingRegion
  readonly controlAb: RingRegion
  readonly controlBa: RingRegion
}

/** A link over rings whose memory the caller may look at. */
export function ringLinkWithRegions(options: LinkOptions = {}): { link: Link; regions: Regions } {
  const { ringBytes = DEFAULT_RING_BYTES } = options
  const regions: Regions = {
    ab: newRing(ringBytes),
    ba: newRing(options.backRingBytes ?? ringBytes),
    controlAb: newRing(CONTROL_RING_BYTES),
    controlBa: newRing(CONTROL_RING_BYTES),
  }
  const link = joinLink(ringDirection(regions.ab, regions.controlAb), ringDirection(regions.ba, regions.controlBa), options)
  return { link, regions }
}

/** A link over rings in plain memory, both ends in one thread. */
export const ringLink: LinkFactory = (options = {}) => ringLinkWithRegions(options).link
