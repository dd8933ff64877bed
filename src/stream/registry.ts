import { assert } from '../base/assert.js'
import { MillraceError, ProtocolError } from '../base/errors.js'
import { type ParticipantId, type PhysicalStreamId, senderOf } from '../base/ids.js'
import { rankOf } from './error-payload.js'
import type { Parked, Peer } from './peer.js'
import { Sink, type SinkListener } from './sink.js'
import { SourceTask, type StreamSource, type TaskHost } from './source-task.js'

/** planned until the first START; running once; over when the producer returned, or when nobody wanted it. */
interface Entry {
  readonly source: StreamSource
  readonly sinks: readonly Sink[]
  /** The peer of each sink. */
  readonly peers: readonly Peer[]
  readonly task: SourceTask
  state: 'planned' | 'running' | 'over'
}

/** A source that runs, and its sinks. */
export type RunningSource = Pick<Entry, 'source' | 'sinks'>

export interface RegistryHost extends TaskHost {
  readonly self: ParticipantId
  peer(id: ParticipantId): Peer
  /** A sink has something to send. */
  sendable(peer: Peer, sink: Sink): void
  /** A source threw. */
  sourceFailed(error: unknown): void
  /** Reads on in the peer's data ring, where a CALL may be. False: nothing was left. */
  drain(peer: Peer): boolean
}

/**
 * Between planning and execution: planning registers sources, a START runs one, once. What is asked for before it is registered
 * waits until the registry is sealed. In a mesh for calls a source is registered by its CALL and goes at its terminal frame.
 */
export class StreamRegistry {
  private readonly entries = new Map<Sink, Entry>()
  private readonly live = new Set<Entry>()
  private sealed: { readonly error: unknown } | undefined

  constructor(
    private readonly kind: 'query' | 'call',
    private readonly host: RegistryHost,
  ) {}

  /** Sources that run now. */
  get tasks(): number {
    let running = 0
    for (const entry of this.live) if (entry.state === 'running') running++
    return running
  }

  get running(): RunningSource[] {
    return [...this.live].filter((entry) => entry.state === 'running')
  }

  get sources(): number {
    return this.live.size
  }

  /** Registers a planned source, and starts it where it was asked for before. */
  register(source: StreamSource): void {
    assert(this.sealed === undefined || this.kind === 'call', 'a source registered after the registry was sealed')
    this.enter(source, 0)
  }

  /** Registers what a CALL asks for: its sink is open at once, and it runs. */
  registerCall(source: StreamSource, generation: number, limit: number): void {
    const entry = this.enter(source, generation)
    this.startSink(entry.sinks[0], limit)
  }

  /** Registers a stream of the caller's own, an input; its receiver starts it. */
  registerInput(source: StreamSource, generation: number): void {
    this.enter(source, generation)
  }

  /** No more sources will come. With an error, planning failed: whoever asks gets that error. */
  seal(error?: unknown): void {
    this.sealed = { error }
    if (error !== undefined)
      for (const entry of this.live) for (const sink of entry.sinks) if (sink.state === 'planned') this.fail(sink, error)
  }

  /** Everything that was asked for and not registered; called once sealed, and for peers that are gone. */
  settleParked(peer: Peer): void {
    for (const [id, parked] of peer.parked) {
      const sink = this.createSink(id, peer, 0)
      if (parked.started) this.refuse(sink, parked.limit)
      if (parked.cancelled) sink.cancel()
    }
    peer.parked.clear()
  }

  /** START_STREAM; the id is the physical one. */
  start(peer: Peer, id: PhysicalStreamId, generation: number, limit: number): void {
    const sink = this.find(peer, id, generation)
    if (sink !== undefined) this.startSink(sink, limit)
    else if (this.kind === 'query' && peer.state === 'open') this.startUnknown(peer, id, limit)
  }

  cancel(peer: Peer, id: PhysicalStreamId, generation: number): void {
    const sink = this.find(peer, id, generation)
    if (sink !== undefined) sink.cancel()
    else if (this.kind === 'query' && peer.state === 'open') {
      if (this.sealed === undefined) park(peer, id).cancelled = true
      else this.createSink(id, peer, 0).cancel()
    }
  }

  credit(peer: Peer, id: PhysicalStreamId, generation: number, limit: number, starving: boolean): void {
    const sink = this.find(peer, id, generation)
    if (sink !== undefined) sink.grant(limit, starving)
    else if (this.kind === 'query') {
      const parked = peer.parked.get(id)
      if (parked?.started === true) {
        if (limit < parked.limit) throw new ProtocolError(`credit went back from ${parked.limit} to ${limit}`)
        parked.limit = limit
      } else if (peer.state === 'open') throw new ProtocolError(`credit for the stream ${id}, which was never started`)
    }
  }

  /** The session ends for this peer: its sinks end, what waits for nothing goes. */
  reset(peer: Peer): void {
    peer.parked.clear()
    for (const sink of [...peer.sinks.values()]) sink.reset()
  }

  /** The peer is gone. */
  lose(peer: Peer): void {
    peer.parked.clear()
    for (const sink of [...peer.sinks.values()]) sink.lose()
  }

  private enter(source: StreamSource, generation: number): Entry {
    assert(senderOf(source.id) === this.host.self, `source ${source.id} belongs to participant ${senderOf(source.id)}`)
    const peers = source.receivers.map((receiver) => this.host.peer(receiver))
    const sinks = peers.map((peer) => this.createSink(source.id, peer, generation))
    const entry: Entry = { source, sinks, peers, task: new SourceTask(sinks, this.host), state: 'planned' }
    this.live.add(entry)
    for (const sink of sinks) this.entries.set(sink, entry)
    peers.forEach((peer, index) => {
      this.unpark(peer, sinks[index])
      if (peer.state !== 'open') sinks[index].lose()
    })
    return entry
  }

  private createSink(id: PhysicalStreamId, peer: Peer, generation: number): Sink {
    const present = peer.sinks.get(id)
    if (present !== undefined && present.state !== 'closed') throw new ProtocolError(`the stream ${id} is in use`)
    const listener: SinkListener = {
      sendable: (sink) => this.host.sendable(peer, sink),
      changed: (sink) => this.sinkChanged(peer, sink),
      directOutlet: () => peer.writer.directOutlet,
    }
    const sink = new Sink(id, peer.id, generation, peer.writer.payloadBytesMax, listener)
    peer.sinks.set(id, sink)
    if (this.kind === 'call') peer.generations.set(id, generation)
    return sink
  }

  private unpark(peer: Peer, sink: Sink): void {
    const parked = peer.parked.get(sink.id)
    if (parked === undefined) return
    peer.parked.delete(sink.id)
    if (parked.started) this.startSink(sink, parked.limit)
    if (parked.cancelled) sink.cancel()
  }

  private startUnknown(peer: Peer, id: PhysicalStreamId, limit: number): void {
    if (this.sealed === undefined) {
      const parked = park(peer, id)
      parked.started = true
      parked.limit = limit
    } else this.refuse(this.createSink(id, peer, 0), limit)
  }

  private refuse(sink: Sink, limit: number): void {
    const unknown = new MillraceError(
      'UnknownStream',
      `no source for the stream ${sink.id} is registered with participant ${this.host.self}`,
    )
    this.fail(sink, this.sealed?.error ?? unknown)
    sink.start(limit)
  }

  private fail(sink: Sink, error: unknown): void {
    sink.fail(error, rankOf(error))
  }

  private startSink(sink: Sink, limit: number): void {
    sink.start(limit)
    const entry = this.entries.get(sink)
    if (entry?.state === 'planned' && sink.state === 'open') {
      entry.state = 'running'
      queueMicrotask(() => this.run(entry))
    }
  }

  private async run(entry: Entry): Promise<void> {
    const { source, sinks, peers, task } = entry
    try {
      if (task.isCancelled) source.dispose()
      else await source.run(task)
      for (const sink of sinks) if (!sink.isClosed && !sink.isFinished) sink.finish()
    } catch (error) {
      this.runFailed(entry, error)
    }
    entry.state = 'over'
    for (const [index, sink] of sinks.entries()) this.forget(peers[index], sink)
    this.host.flush()
  }

  private runFailed(entry: Entry, error: unknown): void {
    if (!entry.task.isCancelled) this.host.sourceFailed(error)
    for (const sink of entry.sinks) {
      if (sink.isClosed) continue
      if (entry.source.delivery === 'calls') sink.finishWithError(error, rankOf(error))
      else this.fail(sink, error)
    }
  }

  private sinkChanged(peer: Peer, sink: Sink): void {
    const entry = this.entries.get(sink)
    if (entry !== undefined) {
      if (entry.state === 'planned' && entry.sinks.every((each) => each.isClosed)) {
        entry.state = 'over'
        entry.source.dispose()
      }
      entry.task.notify()
      if (entry.state === 'running' && entry.task.isCancelled) entry.source.left?.()
    }
    this.forget(peer, sink)
  }

  /** At its terminal a call's source, sink and task go; in a query ended sinks are kept, so that a late START does not run them again. */
  private forget(peer: Peer, sink: Sink): void {
    if (sink.state !== 'closed') return
    const entry = this.entries.get(sink)
    if (this.kind === 'call' && peer.sinks.get(sink.id) === sink) {
      peer.sinks.delete(sink.id)
      const over = peer.inputsLeft.get(sink.id)
      peer.inputsLeft.delete(sink.id)
      over?.()
    }
    if (entry === undefined || entry.state !== 'over') return
    this.entries.delete(sink)
    if (entry.sinks.every((each) => each.state === 'closed')) this.live.delete(entry)
  }

  /** The sink that a control record means. Undefined: none, or a record of an older use of the id, which is ignored. */
  private find(peer: Peer, id: PhysicalStreamId, generation: number): Sink | undefined {
    if (senderOf(id) !== this.host.self) throw new ProtocolError(`a control record for the stream ${id}, whose sender is another`)
    if (this.kind === 'query') return peer.sinks.get(id)
    while (isNewer(generation, peer.generations.get(id)) && this.host.drain(peer));
    const last = peer.generations.get(id)
    if (isNewer(generation, last)) {
      if (peer.state !== 'open') return undefined
      throw new ProtocolError(`a control record for generation ${generation} of the stream ${id}, whose CALL is not in the ring`)
    }
    return last === generation ? peer.sinks.get(id) : undefined
  }
}

function park(peer: Peer, id: PhysicalStreamId): Parked {
  let parked = peer.parked.get(id)
  if (parked === undefined) {
    parked = { limit: 0, started: false, cancelled: false }
    peer.parked.set(id, parked)
  }
  return parked
}

/** Generations are u16 and wrap. */
export function isNewer(generation: number, last: number | undefined): boolean {
  return last === undefined || (generation !== last && ((generation - last) & 0xffff) < 0x8000)
}
