import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { LEADER, participantId } from '../../src/base/ids.js'
import { LIMITS } from '../../src/base/limits.js'
import type { Parcel } from '../../src/frame/parcels.js'
import { type Libc, loadLibc, Mapper } from '../../src/memory/mapped-memory.js'
import type { SocketLink } from '../../src/mesh/acquaintance.js'
import { attachMappedLink, createMappedLink } from '../../src/mesh/mapped-link.js'
import { type ParcelKind, WIRE_HEADER_BYTES } from '../../src/mesh/parcel-header.js'
import { createSocketFolder } from '../../src/mesh/socket-folder.js'
import { attachSocketLink } from '../../src/mesh/socket-link.js'
import { type Channel, Wire } from '../../src/mesh/wire.js'
import type { LinkEnd } from '../../src/stream/link-end.js'
import type { Link, LinkFactory, LinkOptions } from './links.js'

const WORKER = participantId(1)

/** Why this machine shares no memory between processes, or `false`. */
export const noMappedMemory: string | false = ((libc) => typeof libc === 'string' && libc)(loadLibc())

/** Two ends as tests want them. */
function ended(ends: { a: LinkEnd; b: LinkEnd }, rest: Pick<Link, 'kill' | 'isQuiet'>): Link {
  const releases = { a: 0, b: 0 }
  const counted = (name: 'a' | 'b'): LinkEnd => ({
    ...ends[name],
    release: () => {
      releases[name]++
      ends[name].release()
    },
  })
  const isDrained = () => [ends.a, ends.b].every(({ frames, controls }) => !frames.inlet.hasMore() && !controls.inlet.hasMore())
  return { ...rest, a: counted('a'), b: counted('b'), isDrained, releases }
}

function ringsOf({ ringBytes = LIMITS.ringBytesDefault, backRingBytes = ringBytes }: LinkOptions) {
  return { first: LEADER, second: WORKER, firstRingBytes: ringBytes, secondRingBytes: backRingBytes }
}

/** A link in memory of the kind that processes share, each end with a mapping of its own. */
export const mappedLink: LinkFactory = (options = {}) => {
  const mapper = new Mapper(loadLibc() as Libc)
  // Near the end of u32, so that every test passes the wrap.
  const { link, own } = createMappedLink(mapper, { epoch: 1, ...ringsOf(options) }, 2 ** 32 - 1024)
  const a = { isDead: false, wake: () => options.wakeA?.() }
  const b = { isDead: false, wake: () => options.wakeB?.() }
  const ends = { a: attachMappedLink(own, link, LEADER, b), b: attachMappedLink(mapper.open(link.address), link, WORKER, a) }
  own.closeDescriptor()
  return ended(ends, {
    kill(who) {
      const [dead, other] = who === 'a' ? [a, b] : [b, a]
      dead.isDead = true
      other.wake()
    },
  })
}

/** A wire that knows what of it is under way. */
class CountedWire extends Wire {
  readonly sent = { bytes: 0, unflushed: 0 }
  arrivedBytes = 0
  isShut = false

  override send(channel: number, kind: ParcelKind, parcel: Parcel, isUrgent: boolean): void {
    this.sent.bytes += parcel.bytes.length
    this.sent.unflushed++
    const flushed = () => {
      this.sent.unflushed--
      parcel.flushed()
    }
    super.send(channel, kind, { bytes: parcel.bytes, flushed }, isUrgent)
  }

  override open(number: number, channel: Channel): void {
    const count = (bytes: number) => {
      this.arrivedBytes += WIRE_HEADER_BYTES + bytes
    }
    super.open(number, {
      frames: (bytes, endsParcel) => {
        this.arrivedBytes += bytes.length
        if (endsParcel) count(0)
        channel.frames(bytes, endsParcel)
      },
      controls: (bytes) => {
        count(bytes.length)
        channel.controls(bytes)
      },
      failed: () => {
        count(0)
        channel.failed()
      },
    })
  }

  override shut(number: number): void {
    this.isShut = true
    super.shut(number)
  }
}

/** Whether all that one end sent has got to the other, or to nobody any more. */
function isThrough(from: CountedWire, to: CountedWire): boolean {
  if (from.isLost || to.isLost) return from.isLost && to.isLost
  return from.isConnected && to.isConnected && (to.isShut || from.sent.bytes === to.arrivedBytes) && from.sent.unflushed === 0
}

/** Links over real sockets, for the tests of one file. */
export function useSocketLinks(): LinkFactory {
  const folder = createSocketFolder()
  const path = join(folder, 'test.sock')
  const waiting: ((socket: Socket) => void)[] = []
  const server = createServer((socket) => waiting.shift()?.(socket))
  before(async () => {
    server.listen(path)
    await once(server, 'listening')
  })
  after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  return (options = {}) => {
    const link: SocketLink = { channel: 1, ...ringsOf(options) }
    const wires = { a: new CountedWire(() => options.wakeA?.()), b: new CountedWire(() => options.wakeB?.()) }
    const end = (name: 'a' | 'b', schedule: () => void): LinkEnd =>
      attachSocketLink({ wire: wires[name], isDead: () => wires[name].isLost, schedule }, link, name === 'a' ? LEADER : WORKER)
    const ends = { a: end('a', () => options.wakeA?.()), b: end('b', () => options.wakeB?.()) }
    waiting.push((socket) => wires.a.connect(socket))
    const socket = connect(path)
    socket.once('connect', () => wires.b.connect(socket))
    return ended(ends, {
      kill: (who) => wires[who].lose(),
      isQuiet: () => isThrough(wires.a, wires.b) && isThrough(wires.b, wires.a),
    })
  }
}
