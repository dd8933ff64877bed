import { readSync } from 'node:fs'
import type { Socket } from 'node:net'
import { Deque } from '../base/deque.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { holdsFrameOf } from '../frame/parcel-frames.js'
import type { Parcel } from '../frame/parcels.js'
import { allocate } from '../memory/allocation.js'
import { PARCEL, type ParcelKind, WIRE_HEADER_BYTES, writeParcelHeader } from './parcel-header.js'
import { ParcelScanner, type ParcelTarget } from './parcel-scanner.js'

/** What is handed to the system at once; the rest waits here, where what is urgent can go ahead of it. */
const IN_FLIGHT_BYTES_MAX = 0x4_0000
/** What may wait for a channel whose other end was not told of it yet: it can hold calls and control records only. */
const EARLY_BYTES_MAX = 0x100_0000
/** A handler that looks on and on is not to pay for a system call each time. */
const LOOK_AGAIN_MS = 1

/** One end of a link, as a wire sees it. */
export interface Channel {
  /** A piece of a parcel of frames, the last where it ends the parcel. */
  frames(bytes: Uint8Array, endsParcel: boolean): void
  controls(bytes: Uint8Array): void
  failed(): void
}

interface Item extends Parcel {
  readonly channel: number
  readonly kind: ParcelKind
}

interface Early {
  readonly kind: ParcelKind
  readonly bytes: Uint8Array
}

/**
 * The one socket between two members in different processes, for all the links between them, and its close for death. It always reads: what
 * arrives is bounded by credit. Channels are numbered by the leader, upwards.
 */
export class Wire implements ParcelTarget {
  private socket: Socket | undefined
  private lost = false
  private closing = false
  private readonly ahead = new Deque<Item>()
  private readonly inTurn = new Deque<Item>()
  private inFlightBytes = 0
  private readonly channels = new Map<number, Channel>()
  private readonly early = new Map<number, Early[]>()
  private earlyBytes = 0
  private highestChannel = 0
  private readonly scanner = new ParcelScanner(this)
  private lookedMs = 0
  private readonly whenLost: (() => void)[] = []

  /** `stirred` is called where something arrived, room is free again, or the other member is gone. */
  constructor(private readonly stirred: () => void) {}

  /** Whether the other member is gone. What it sent has arrived. */
  get isLost(): boolean {
    return this.lost
  }

  /** Whether it was ever connected. */
  get isConnected(): boolean {
    return this.socket !== undefined
  }

  /** Its socket is there, and authenticated; `first` has arrived on it already. */
  connect(socket: Socket, first?: Uint8Array): void {
    if (this.lost || this.closing) {
      socket.destroy()
      return
    }
    this.socket = socket
    // It alone holds nothing open: whoever waits does.
    socket.unref()
    socket.on('data', this.received)
    socket.on('error', () => {})
    socket.on('close', () => this.lose())
    if (first !== undefined && first.length > 0) this.received(first)
    this.pump()
    this.stirred()
  }

  /** Calls back once the other member is gone, at once where it is. */
  onLost(told: () => void): void {
    if (this.lost) told()
    else this.whenLost.push(told)
  }

  /** The other member is gone, or was never there. */
  lose(): void {
    if (this.lost) return
    this.lost = true
    this.socket?.destroy()
    this.ahead.clear()
    this.inTurn.clear()
    this.early.clear()
    for (const told of this.whenLost.splice(0)) told()
    this.stirred()
  }

  /** Ends it once all that was sent is out. */
  close(): void {
    this.closing = true
    if (this.socket === undefined) this.lose()
    else this.endIfSent()
  }

  open(number: number, channel: Channel): void {
    this.highestChannel = Math.max(this.highestChannel, number)
    this.channels.set(number, channel)
    const early = this.early.get(number) ?? []
    this.early.delete(number)
    for (const { kind, bytes } of early) {
      this.earlyBytes -= bytes.length
      deliver(channel, kind, bytes)
    }
  }

  /** What arrives for it from now on goes nowhere. */
  shut(number: number): void {
    this.channels.delete(number)
  }

  /** `parcel` begins with `WIRE_HEADER_BYTES` for the wire. `isUrgent`: it goes ahead of what waits and is not. */
  send(channel: number, kind: ParcelKind, parcel: Parcel, isUrgent: boolean): void {
    if (this.lost) return
    writeParcelHeader(parcel.bytes, channel, kind)
    const item: Item = { channel, kind, bytes: parcel.bytes, flushed: () => parcel.flushed() }
    if (isUrgent) this.ahead.push(item)
    else this.inTurn.push(item)
    this.pump()
  }

  /** A parcel that says all by its kind. */
  signal(channel: number, kind: ParcelKind): void {
    this.send(channel, kind, { bytes: allocate(WIRE_HEADER_BYTES), flushed: () => {} }, true)
  }

  /** Whether a frame of this stream waits here. */
  isWaiting(channel: number, id: PhysicalStreamId): boolean {
    return this.inTurn.some((item) => item.channel === channel && holdsFrameOf(item.bytes.subarray(WIRE_HEADER_BYTES), id))
  }

  /** Takes in what has arrived, without the event loop: for whoever keeps it from turning. */
  look(): void {
    const nowMs = performance.now()
    if (nowMs - this.lookedMs < LOOK_AGAIN_MS) return
    this.drain()
    this.lookedMs = nowMs
  }

  private drain(): void {
    const fd = fdOf(this.socket)
    if (fd === undefined) return
    for (;;) {
      const chunk = allocate(0x1_0000)
      const length = readNow(fd, chunk)
      if (length === 0) this.lose()
      if (length === undefined || length === 0) return
      this.received(chunk.subarray(0, length))
    }
  }

  private pump(): void {
    const { socket } = this
    if (socket === undefined || this.lost) return
    socket.cork()
    for (let item = this.next(); item !== undefined; item = this.next()) {
      const { bytes, flushed } = item
      this.inFlightBytes += bytes.length
      socket.write(bytes, (error) => this.written(bytes.length, flushed, error))
    }
    socket.uncork()
    this.endIfSent()
  }

  private next(): Item | undefined {
    if (this.inFlightBytes >= IN_FLIGHT_BYTES_MAX) return undefined
    return this.ahead.shift() ?? this.inTurn.shift()
  }

  private written(sizeBytes: number, flushed: () => void, error: Error | null | undefined): void {
    this.inFlightBytes -= sizeBytes
    if (error) {
      // Node.js closes a socket that it cannot write to; what the other end wrote before it went may still lie there.
      this.drain()
      return
    }
    flushed()
    this.pump()
  }

  private endIfSent(): void {
    if (this.closing && this.ahead.length === 0 && this.inTurn.length === 0) this.socket?.end()
  }

  private readonly received = (chunk: Uint8Array): void => {
    this.lookedMs = performance.now()
    if (!this.scanner.scan(chunk)) this.lose()
    this.stirred()
  }

  /** For its scanner. */
  takesPieces(channel: number): boolean {
    return this.channels.has(channel)
  }

  /** For its scanner. */
  piece(channel: number, bytes: Uint8Array, endsParcel: boolean): void {
    this.channels.get(channel)?.frames(bytes, endsParcel)
  }

  /** For its scanner. */
  parcel(number: number, kind: ParcelKind, bytes: Uint8Array): void {
    const channel = this.channels.get(number)
    if (kind === PARCEL.bell) return
    if (channel !== undefined) deliver(channel, kind, bytes)
    else if (number > this.highestChannel) this.keep(number, { kind, bytes })
    // Otherwise it was shut: both sides said GOODBYE, or we gave it up.
  }

  private keep(number: number, parcel: Early): void {
    this.earlyBytes += parcel.bytes.length
    const kept = this.early.get(number)
    if (kept === undefined) this.early.set(number, [parcel])
    else kept.push(parcel)
    if (this.earlyBytes > EARLY_BYTES_MAX) this.lose()
  }
}

function deliver(channel: Channel, kind: ParcelKind, bytes: Uint8Array): void {
  if (kind === PARCEL.frames) channel.frames(bytes, true)
  else if (kind === PARCEL.controls) channel.controls(bytes)
  else channel.failed()
}

/** Node.js has no other way to read a socket at once; where it does not tell the descriptor, the event loop has to turn. */
function fdOf(socket: Socket | undefined): number | undefined {
  const fd = (socket as { _handle?: { fd?: unknown } | null } | undefined)?._handle?.fd
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

/** Undefined where nothing is there yet, 0 where nothing will come any more. */
function readNow(fd: number, target: Uint8Array): number | undefined {
  try {
    return readSync(fd, target)
  } catch {
    return undefined
  }
}
