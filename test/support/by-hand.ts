import type { PhysicalStreamId } from '../../src/base/ids.js'
import type { CallPayload } from '../../src/frame/call-payload.js'
import { Session } from '../../src/stream/session.js'
import type { Link, LinkFactory } from './links.js'
import { RawPeer } from './raw-peer.js'
import { TestLoop } from './test-loop.js'
import { P } from './test-source.js'

export interface ByHandOptions {
  readonly factory: LinkFactory
  readonly ringBytes?: number | undefined
  readonly kind?: 'query' | 'call'
  readonly elasticBytes?: number
  readonly called?: (session: Session, id: PhysicalStreamId, call: CallPayload) => void
}

/** One session, participant 1, whose peers 0 and 2 are played by hand. */
export class ByHand {
  readonly loop = new TestLoop()
  readonly session: Session
  readonly raw: RawPeer
  /** A second peer, to show that what one peer does is nothing to the other. */
  readonly other: RawPeer
  readonly link: Link

  constructor(options: ByHandOptions) {
    const { factory, ringBytes, kind = 'query', elasticBytes, called } = options
    this.session = this.loop.add(
      (schedule) =>
        new Session({
          self: P(1),
          kind,
          elasticBytes,
          schedule,
          ...(called && { called: (_peer, id, call) => called(this.session, id, call) }),
        }),
    )
    const connect = (): Link => {
      const link = factory({ ...(ringBytes && { ringBytes }), wakeA: () => this.loop.wake(0) })
      this.loop.carriedBy(link)
      return link
    }
    this.link = connect()
    const second = connect()
    this.session.addPeer(P(0), this.link.a)
    this.session.addPeer(P(2), second.a)
    this.raw = new RawPeer(this.link.b)
    this.other = new RawPeer(second.b)
  }

  settle(): Promise<void> {
    return this.loop.settle()
  }

  /** All frames that come, read as often as room is wanted. */
  async framesToTheEnd(): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      await this.settle()
      const more = this.raw.frames()
      if (more.length === 0) return lines
      lines.push(...more)
    }
  }
}
