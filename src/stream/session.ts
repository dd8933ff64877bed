import { assert } from '../base/assert.js'
import { MillraceError, PeerLostError, ProtocolError, SessionEndedError } from '../base/errors.js'
import { type ParticipantId, type PhysicalStreamId, senderOf } from '../base/ids.js'
import type { CallPayload } from '../frame/call-payload.js'
import { type Census, takeCensus } from './census.js'
import { ControlService } from './control-service.js'
import { Budget } from './credit.js'
import type { Inbound } from './inbound.js'
import { incomingCall } from './incoming-call.js'
import type { LinkEnd } from './link-end.js'
import { Peer } from './peer.js'
import { StreamRegistry } from './registry.js'
import { inputBytesMax, type RequestOptions, Requests } from './requests.js'
import type { Sink } from './sink.js'
import type { StreamSource } from './source-task.js'
import { type SessionWaits, waitsOf } from './waits.js'

export interface SessionOptions {
  readonly self: ParticipantId
  /** A query's session is planned and dropped; a session for calls lives with its pool. */
  readonly kind: 'query' | 'call'
  /** Elastic receive memory, in bytes; 64 MiB by default. */
  readonly elasticBytes?: number | undefined
  /** Asks for a turn of the loop: something is to be done. */
  readonly schedule: () => void
  /** A consumer of ours began (1) or ceased (-1) to wait. */
  readonly waiting?: ((change: 1 | -1) => void) | undefined
  /** A CALL arrived. */
  readonly called?: ((peer: ParticipantId, id: PhysicalStreamId, call: CallPayload) => void) | undefined
  /** A source of ours threw: the root of what will follow. */
  readonly sourceFailed?: ((error: unknown) => void) | undefined
  /** A peer broke the protocol, or found it broken: nothing opens with it any more. */
  readonly peerFailed?: ((peer: ParticipantId, error: ProtocolError) => void) | undefined
  /** A peer ended its session. */
  readonly peerEnding?: ((peer: ParticipantId) => void) | undefined
}

/**
 * The life of a mesh as one participant lives it: its peers, what it produces, what it consumes. `service` does all that can be done
 * now, without waiting and without calling anyone's code.
 */
export class Session {
  readonly registry: StreamRegistry
  readonly budget: Budget
  private readonly requests: Requests
  private readonly peers = new Map<ParticipantId, Peer>()
  /** A session for calls outlives its peers: why those that are gone are, without their rings. */
  private readonly gone = new Map<ParticipantId, Error>()
  private readonly control: ControlService
  private state: 'open' | 'ending' | 'ended' = 'open'
  private resolveEnded: () => void = () => {}
  /** Resolves when every link is released. */
  readonly ended: Promise<void>

  constructor(private readonly options: SessionOptions) {
    this.budget = new Budget(options.elasticBytes)
    this.requests = new Requests(this.budget, options)
    this.registry = new StreamRegistry(options.kind, {
      self: options.self,
      peer: (id) => this.peer(id),
      sendable: (peer, sink) => this.sendable(peer, sink),
      sourceFailed: (error) => options.sourceFailed?.(error),
      drain: (peer) => peer.reader.drain(),
      flush: () => this.flush(),
      poll: () => this.poll(),
    })
    this.control = new ControlService(this.registry, (peer) => this.peerEnding(peer))
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve
    })
  }

  get self(): ParticipantId {
    return this.options.self
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  hasPeer(id: ParticipantId): boolean {
    return this.peers.has(id) || this.gone.has(id)
  }

  /** Whether streams can be opened to and by this peer. */
  isPeerOpen(id: ParticipantId): boolean {
    return this.state === 'open' && this.peers.get(id)?.state === 'open'
  }

  get peerIds(): ParticipantId[] {
    return [...this.peers.keys()]
  }

  /** Bytes of frames published to a peer so far. */
  publishedBytes(id: ParticipantId): number {
    return this.peer(id).writer.publishedBytes
  }

  addPeer(id: ParticipantId, link: LinkEnd): void {
    assert(!this.hasPeer(id), `participant ${id} is linked already`)
    const peer: Peer = new Peer(id, link, {
      called: (streamId, payload) => this.called(peer, streamId, payload),
      ended: (stream) => peer.cells.drop(stream.id),
    })
    this.peers.set(id, peer)
    this.control.attach(peer, link.controls.inlet)
    if (this.state !== 'open') this.endPeer(peer)
    this.options.schedule()
  }

  // Streams.

  /** A planned stream, lazy: nothing goes out before its consumer first waits, or cancels. */
  request(id: PhysicalStreamId, options: RequestOptions): Inbound {
    return this.requests.planned(this.openPeer(senderOf(id)), id, options)
  }

  /** The largest input, in bytes, that a CALL to this peer carries; a larger one is a stream of its own. */
  callInputBytesMax(id: ParticipantId): number {
    return inputBytesMax(this.peer(id))
  }

  /** Calls a procedure of the peer whose id is in `id`. The result is open at once; the CALL goes out when there is room. */
  call(id: PhysicalStreamId, call: Omit<CallPayload, 'limit'>, options: RequestOptions): Inbound {
    return this.requests.call(this.openPeer(senderOf(id)), id, call, options)
  }

  /** The stream of a caller's input. */
  input(id: PhysicalStreamId, generation: number): Inbound {
    return this.requests.input(this.openPeer(senderOf(id)), id, generation)
  }

  register(source: StreamSource): void {
    this.registry.register(source)
  }

  /** Planning is over, or has failed. */
  seal(error?: unknown): void {
    this.registry.seal(error)
    for (const peer of this.peers.values()) this.registry.settleParked(peer)
    this.options.schedule()
  }

  // The loop.

  /** Does what can be done now. Returns whether anything was. */
  service(): boolean {
    let worked = false
    for (const peer of this.peers.values()) {
      if (peer.state !== 'over' && this.servicePeer(peer)) worked = true
    }
    return worked
  }

  /** The second look before sleep. */
  mayWork(): boolean {
    for (const peer of this.peers.values()) {
      if (peer.state === 'over') continue
      // What is seen only now to be broken is work too: the pair has failed.
      let may = true
      this.guard(peer, () => {
        may = peer.isReady ? peer.mayWork(this.control.hasMore(peer)) : peer.link.condition() !== 'open'
      })
      if (may) return true
    }
    return false
  }

  /** Lets the Control Service look at its rings: changes of state only. Who waits for the room that this frees is woken at once. */
  poll(): void {
    for (const peer of this.peers.values())
      this.guard(peer, () => {
        peer.link.look?.()
        if (peer.isReady) this.control.poll(peer)
        if (this.control.takeWakeDue(peer)) peer.link.wakePeer()
      })
  }

  /** Sends what there is room and credit for. */
  flush(): void {
    for (const peer of this.peers.values()) this.guard(peer, () => peer.flush())
  }

  // The end.

  /**
   * Ends the session: nothing new opens, open sinks get RESET, open streams fail with `error` and are discarded until GOODBYE.
   * Resolves when every link is released.
   */
  end(error: SessionEndedError = new SessionEndedError('the session was closed')): Promise<void> {
    if (this.state === 'open') {
      this.state = 'ending'
      for (const peer of this.peers.values()) {
        for (const stream of peer.reader.all()) stream.abandon(error)
        this.endPeer(peer)
      }
      this.settle()
      this.options.schedule()
    }
    return this.ended
  }

  /** Ends what there is with one peer, which then ends its own side. */
  endWith(id: ParticipantId): void {
    this.endPeer(this.peer(id))
  }

  /** The peer exited. What it published is still read; then everything towards it fails. */
  losePeer(id: ParticipantId, error: PeerLostError): void {
    const peer = this.peers.get(id)
    if (peer === undefined || peer.state === 'over') return
    this.guard(peer, () => {
      this.control.poll(peer)
      while (peer.reader.drain());
    })
    this.dropPeer(peer, peer.reader.heardGoodbye ? peer.ended() : error)
  }

  census(): Census {
    return takeCensus(this.peers.values(), this.registry, this.budget, (peer) => this.control.hasMore(peer))
  }

  /** For a stall report: what waits here, and a number that changes with all that moves. */
  waits(): SessionWaits {
    const { running } = this.registry
    return { moved: this.moved(), waits: waitsOf(this.self, this.peers.values(), running) }
  }

  /** Changes with every frame, record and message that moves here, and with what sources tell of their work. */
  moved(): number {
    let moved = this.control.recordsRead + this.gone.size
    for (const peer of this.peers.values()) {
      moved += peer.writer.publishedBytes + peer.reader.framesRead + peer.cells.sent
      for (const stream of peer.reader.all()) moved += stream.takenMessages
    }
    for (const { source } of this.registry.running) moved += source.describe?.().steps ?? 0
    return moved + this.budget.chargedBytes
  }

  private servicePeer(peer: Peer): boolean {
    const condition = peer.link.condition()
    let worked = false
    this.guard(peer, () => {
      if (peer.isReady && this.control.poll(peer)) worked = true
      if (peer.isReady && peer.reader.drain()) worked = true
      if (peer.flush()) worked = true
      if (this.control.takeWakeDue(peer)) peer.link.wakePeer()
    })
    if (peer.state === 'over') return true
    if (condition === 'lost') this.losePeer(peer.id, new PeerLostError(`participant ${peer.id} is gone`))
    else if (condition === 'failed') this.failPeer(peer, new ProtocolError(`participant ${peer.id} found the protocol broken`))
    else this.releaseIfDone(peer)
    return worked || condition !== 'open'
  }

  /** Anything the peer wrote that breaks the protocol fails the pair, and nothing else. */
  private guard(peer: Peer, work: () => void): void {
    if (peer.state === 'over') return
    try {
      work()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.failPeer(peer, error)
    }
  }

  private failPeer(peer: Peer, error: ProtocolError): void {
    peer.link.fail()
    peer.link.wakePeer()
    this.dropPeer(peer, error)
    this.options.peerFailed?.(peer.id, error)
  }

  private dropPeer(peer: Peer, error: PeerLostError | ProtocolError | SessionEndedError): void {
    if (peer.state === 'over') return
    peer.state = 'over'
    peer.closedBy = error
    this.loseStreams(peer, error)
    this.registry.lose(peer)
    peer.writer.abandon()
    this.release(peer)
  }

  private loseStreams(peer: Peer, error: PeerLostError | ProtocolError | SessionEndedError): void {
    for (const stream of peer.reader.all()) {
      peer.reader.remove(stream)
      stream.lose(error)
    }
    peer.cells.clear()
  }

  /** From here on nothing new opens with this peer. */
  private endPeer(peer: Peer): void {
    if (peer.state !== 'open') return
    peer.state = 'ending'
    peer.closedBy = peer.ended()
    peer.cells.endSession()
    this.registry.reset(peer)
    peer.writer.sayGoodbye()
    this.options.schedule()
  }

  /** SESSION_END or GOODBYE, whichever is seen first: they come over different rings. */
  private peerEnding(peer: Peer): void {
    this.endPeer(peer)
    if (peer.saidEnd) return
    peer.saidEnd = true
    this.options.peerEnding?.(peer.id)
  }

  private releaseIfDone(peer: Peer): void {
    if (!peer.reader.heardGoodbye) return
    this.peerEnding(peer)
    this.loseStreams(peer, peer.ended())
    if (!peer.writer.saidGoodbye) return
    peer.state = 'over'
    this.registry.lose(peer)
    this.release(peer)
  }

  private release(peer: Peer): void {
    this.control.detach(peer)
    peer.link.release()
    if (this.options.kind === 'call' && this.state === 'open') {
      this.peers.delete(peer.id)
      this.gone.set(peer.id, peer.closedBy ?? peer.ended())
    }
    this.settle()
  }

  private settle(): void {
    if (this.state !== 'ending') return
    for (const peer of this.peers.values()) if (peer.state !== 'over') return
    this.state = 'ended'
    this.resolveEnded()
  }

  private called(peer: Peer, id: PhysicalStreamId, payload: Uint8Array): void {
    const call = incomingCall(this.self, peer, id, payload)
    if (peer.state !== 'open') return
    if (this.options.called === undefined) throw new ProtocolError('a CALL where nothing is served')
    this.options.called(peer.id, id, call)
  }

  private sendable(peer: Peer, sink: Sink): void {
    peer.writer.enlist(sink)
    this.options.schedule()
  }

  private peer(id: ParticipantId): Peer {
    const peer = this.peers.get(id)
    assert(peer !== undefined, `no link to participant ${id}`)
    return peer
  }

  private openPeer(id: ParticipantId): Peer {
    if (this.state !== 'open') throw new SessionEndedError('the session is closed')
    const peer = this.peers.get(id)
    if (peer === undefined) throw this.gone.get(id) ?? new MillraceError('UnknownStream', `no link to participant ${id}`)
    return peer
  }
}
