import { assert } from '../base/assert.js'
import { MillraceError, PeerLostError, ProtocolError, SessionEndedError } from '../base/errors.js'
import { isInputId, type ParticipantId, type PhysicalStreamId, senderOf } from '../base/ids.js'
import { CALL_HEADER_BYTES, type CallPayload, decodeCall, encodeCall } from '../frame/call-payload.js'
import { ControlService } from './control-service.js'
import { Budget } from './credit.js'
import { Inbound, type InboundOutlet } from './inbound.js'
import type { LinkEnd } from './link-end.js'
import { Overdraft } from './overdraft.js'
import { Peer } from './peer.js'
import { isNewer, StreamRegistry } from './registry.js'
import type { Sink } from './sink.js'
import type { StreamSource } from './source-task.js'

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

/** What a session still holds; all zero once it ended and its consumers took what was left. The leak oracle of the tests reads it. */
export interface Census {
  readonly tasks: number
  readonly sources: number
  readonly sinks: number
  readonly streams: number
  readonly cells: number
  readonly parked: number
  readonly queuedBytes: number
  readonly chargedBytes: number
  /** Peers of whom something published was not read yet. */
  readonly unread: number
}

/** How a receiver asks for a stream. */
export interface RequestOptions {
  readonly delivery: 'calls' | 'flows'
  readonly windowBytes?: number | undefined
  readonly background?: boolean | undefined
  readonly over?: (() => void) | undefined
}

/**
 * The life of a mesh as one participant lives it: its peers, what it produces, what it consumes. `service` does all that can be done
 * now, without waiting and without calling anyone's code.
 */
export class Session {
  readonly registry: StreamRegistry
  readonly budget: Budget
  private readonly overdraft = new Overdraft()
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
    const peer = this.openPeer(senderOf(id))
    assert(!peer.requested.has(id), `the stream ${id} was asked for before`)
    peer.requested.add(id)
    return this.createInbound(peer, id, 0, options)
  }

  /** The largest input, in bytes, that a CALL to this peer carries; a larger one is a stream of its own. */
  callInputBytesMax(id: ParticipantId): number {
    return this.peer(id).writer.payloadBytesMax - CALL_HEADER_BYTES
  }

  /** Calls a procedure of the peer whose id is in `id`. The result is open at once; the CALL goes out when there is room. */
  call(id: PhysicalStreamId, call: Omit<CallPayload, 'limit'>, options: RequestOptions): Inbound {
    const peer = this.openPeer(senderOf(id))
    if (peer.closedBy !== undefined) throw peer.closedBy
    assert((call.input?.length ?? 0) <= this.callInputBytesMax(peer.id), 'an input that does not fit the CALL')
    const stream = this.createInbound(peer, id, call.generation, { ...options, over: () => this.callOver(peer, call, options.over) })
    const limit = stream.open()
    peer.cells.hold(id, call.generation, limit)
    peer.writer.call({
      id,
      payload: encodeCall({ ...call, limit }),
      inputId: call.input === undefined ? call.inputId : undefined,
      sent: () => peer.cells.unhold(id),
    })
    this.options.schedule()
    return stream
  }

  /** The stream of a caller's input. */
  input(id: PhysicalStreamId, generation: number): Inbound {
    return this.createInbound(this.openPeer(senderOf(id)), id, generation, { delivery: 'calls' })
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
        may = peer.mayWork(this.control.hasMore(peer))
      })
      if (may) return true
    }
    return false
  }

  /** Lets the Control Service look at its rings: changes of state only. */
  poll(): void {
    for (const peer of this.peers.values()) this.guard(peer, () => this.control.poll(peer))
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

  /** The peer exited. What it published is still read; then everything towards it fails. */
  losePeer(id: ParticipantId, error: PeerLostError): void {
    const peer = this.peers.get(id)
    if (peer === undefined || peer.state === 'over') return
    this.guard(peer, () => {
      this.control.poll(peer)
      while (peer.reader.drain());
    })
    this.dropPeer(peer, peer.reader.heardGoodbye ? endedBy(peer) : error)
  }

  census(): Census {
    let sinks = 0
    let streams = 0
    let cells = 0
    let parked = 0
    let queuedBytes = 0
    let unread = 0
    for (const peer of this.peers.values()) {
      for (const sink of peer.sinks.values()) {
        if (sink.state !== 'closed') sinks++
        queuedBytes += sink.queuedBytes
      }
      streams += peer.reader.openStreams
      cells += peer.cells.pending
      parked += peer.parked.size
      if (peer.state !== 'over' && (peer.reader.hasMore || this.control.hasMore(peer))) unread++
    }
    const { tasks, sources } = this.registry
    return { tasks, sources, sinks, streams, cells, parked, queuedBytes, chargedBytes: this.budget.chargedBytes, unread }
  }

  private servicePeer(peer: Peer): boolean {
    const condition = peer.link.condition()
    let worked = false
    this.guard(peer, () => {
      if (this.control.poll(peer)) worked = true
      if (peer.reader.drain()) worked = true
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
    peer.closedBy = endedBy(peer)
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
    this.loseStreams(peer, endedBy(peer))
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
      this.gone.set(peer.id, peer.closedBy ?? endedBy(peer))
    }
    this.settle()
  }

  private settle(): void {
    if (this.state !== 'ending') return
    for (const peer of this.peers.values()) if (peer.state !== 'over') return
    this.state = 'ended'
    this.resolveEnded()
  }

  private createInbound(peer: Peer, id: PhysicalStreamId, generation: number, request: RequestOptions): Inbound {
    assert(!peer.reader.has(id), `the stream ${id} is open already`)
    const stream = new Inbound({
      id,
      generation,
      payloadMax: peer.reader.payloadBytesMax,
      budget: this.budget,
      overdraft: this.overdraft,
      outlet: this.outletTo(peer),
      ...request,
    })
    if (peer.state === 'over') stream.lose(peer.closedBy ?? endedBy(peer))
    else peer.reader.add(stream)
    return stream
  }

  private outletTo(peer: Peer): InboundOutlet {
    const { schedule } = this.options
    return {
      start: (stream, limit) => {
        peer.cells.start(stream.id, stream.generation, limit)
        schedule()
      },
      credit: (stream, limit, starving) => {
        peer.cells.credit(stream.id, stream.generation, limit, starving)
        schedule()
      },
      cancel: (stream) => {
        this.cancelInbound(peer, stream)
        schedule()
      },
      waiting: (_stream, waits) => this.options.waiting?.(waits ? 1 : -1),
    }
  }

  /** Its ids are free again when the result is over and the input's sink closed, whichever is later. */
  private callOver(peer: Peer, call: Omit<CallPayload, 'limit'>, over: (() => void) | undefined): void {
    const input = call.input === undefined ? peer.sinks.get(call.inputId) : undefined
    if (over === undefined) return
    if (input === undefined || input.state === 'closed') over()
    else peer.inputsLeft.set(input.id, over)
  }

  /** A call that was not sent yet is cancelled here; everything else by a record. */
  private cancelInbound(peer: Peer, stream: Inbound): void {
    const call = peer.writer.withdraw(stream.id)
    if (call === undefined) {
      peer.cells.cancel(stream.id, stream.generation)
      return
    }
    peer.cells.drop(stream.id)
    peer.reader.remove(stream)
    stream.lose(new SessionEndedError('withdrawn'))
    // Nobody will ever ask for its input.
    if (call.inputId !== undefined) peer.sinks.get(call.inputId)?.lose()
  }

  private called(peer: Peer, id: PhysicalStreamId, payload: Uint8Array): void {
    if (senderOf(id) !== this.self) throw new ProtocolError(`a CALL for the stream ${id}, whose sender is another`)
    const call = decodeCall(payload)
    checkCall(peer, id, call)
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

/** What the CALL names must be the caller's to name, and free. Throws `ProtocolError`. */
function checkCall(peer: Peer, id: PhysicalStreamId, call: CallPayload): void {
  const { generation, input, inputId } = call
  if (isInputId(id)) throw new ProtocolError(`a CALL for the stream ${id}, which names an input`)
  const last = peer.generations.get(id)
  if (!isNewer(generation, last))
    throw new ProtocolError(`a CALL of generation ${generation} for the stream ${id} after generation ${last}`)
  if (input !== undefined) {
    if (inputId !== 0) throw new ProtocolError(`a CALL with its input enclosed and in the stream ${inputId}`)
  } else if (!isInputId(inputId) || senderOf(inputId) !== peer.id || peer.reader.has(inputId)) {
    throw new ProtocolError(`a CALL whose input is the stream ${inputId}, which participant ${peer.id} cannot give`)
  }
}

function endedBy(peer: Peer): SessionEndedError {
  return new SessionEndedError(`the session with participant ${peer.id} has ended`)
}
