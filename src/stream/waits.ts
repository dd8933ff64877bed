import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { Inbound } from './inbound.js'
import type { Peer } from './peer.js'
import type { RunningSource } from './registry.js'
import type { Sink } from './sink.js'
import type { ClosedGate } from './source-task.js'

/** What one participant of a mesh waits for, as far as it can tell by itself: an edge of the wait-for graph. */
export interface Wait {
  readonly participant: ParticipantId
  /**
   * `data`: a consumer, for a message. `credit`: a sink, for memory of its receiver. `space`: frames or records, for room in a ring.
   * `gate`: a source, for a receiver that wants more; `disk`: likewise, while rows of its own are on disk. `source`: a source that is wanted computes, or waits for something of its own.
   * `plan`: streams that are asked for, for their source. `end`: a session, for the other side's GOODBYE. `begin`: for a worker that
   * does not serve yet. `answer`: this participant told nothing.
   */
  readonly for: 'data' | 'credit' | 'space' | 'gate' | 'disk' | 'source' | 'plan' | 'end' | 'begin' | 'answer'
  readonly stream?: PhysicalStreamId
  /** Who would have to act. */
  readonly on?: ParticipantId
  /** The whole of it as a clause. */
  readonly words: string
}

/** What a session tells of itself: it changes with every frame, record and message, and what waits now. */
export interface SessionWaits {
  readonly moved: number
  readonly waits: readonly Wait[]
}

/** What waits in one session. */
export function waitsOf(self: ParticipantId, peers: Iterable<Peer>, sources: Iterable<RunningSource>): Wait[] {
  const waits: Wait[] = []
  for (const peer of peers) {
    if (peer.state === 'over') continue
    const who = { self, peer: peer.id }
    for (const stream of peer.reader.all()) waits.push(...ofConsumer(who, stream))
    for (const sink of peer.sinks.values()) waits.push(...ofSink(who, sink))
    waits.push(...ofRings(who, peer), ...ofPlan(who, peer), ...ofEnd(who, peer))
  }
  for (const source of sources) waits.push(...ofSource(self, source))
  return waits
}

interface Pair {
  readonly self: ParticipantId
  readonly peer: ParticipantId
}

function ofConsumer({ self, peer }: Pair, stream: Inbound): Wait[] {
  if (!stream.isAwaited) return []
  const { begun } = stream
  const rest =
    begun === undefined ? '' : `: of a message, ${begun.receivedBytes} of ${begun.totalBytes} bytes are here${lack(begun.lacksBytes)}`
  const name = stream.name === undefined ? '' : ` (${stream.name})`
  const words = `participant ${self} waits for data of stream ${stream.id}${name} from participant ${peer}${rest}`
  return [{ participant: self, for: 'data', stream: stream.id, on: peer, words }]
}

function lack(bytes: number): string {
  return bytes > 0 ? ` and ${bytes} lack credit: the overdraft is taken` : ''
}

function ofSink({ self, peer }: Pair, sink: Sink): Wait[] {
  if (sink.queuedBytes === 0 || sink.canSend || (sink.state !== 'open' && sink.state !== 'ending')) return []
  const left = `${sink.queuedBytes} bytes wait, credit for ${sink.creditBytes} is left`
  const words = `participant ${self} waits for credit of participant ${peer} on stream ${sink.id}: ${left}`
  return [{ participant: self, for: 'credit', stream: sink.id, on: peer, words }]
}

function ofRings({ self, peer }: Pair, { writer, cells }: Peer): Wait[] {
  const waits: Wait[] = []
  const tell = (ring: string) => {
    const words = `participant ${self} waits for space in the ${ring} ring to participant ${peer}`
    waits.push({ participant: self, for: 'space', on: peer, words })
  }
  if (writer.isBlocked) tell('data')
  if (cells.isBlocked) tell('control')
  return waits
}

function ofPlan({ self, peer }: Pair, { parked }: Peer): Wait[] {
  return [...parked.keys()].map((stream) => {
    const words = `participant ${self} has not planned yet: stream ${stream}, which participant ${peer} asked for, has no source`
    return { participant: self, for: 'plan', stream, words }
  })
}

function ofEnd({ self, peer }: Pair, { state, writer, reader }: Peer): Wait[] {
  if (state !== 'ending' || !writer.saidGoodbye || reader.heardGoodbye) return []
  return [{ participant: self, for: 'end', on: peer, words: `participant ${self} waits for the GOODBYE of participant ${peer}` }]
}

/** A source whose receivers have had enough waits for them; one that is wanted does what only it can tell. */
function ofSource(self: ParticipantId, { source, sinks }: RunningSource): Wait[] {
  const { name = `source ${source.id}`, waitsFor, gate } = source.describe?.() ?? {}
  const wanted = sinks.find((sink) => sink.isHungry)
  if (wanted !== undefined && gate === undefined) {
    const doing = waitsFor === undefined ? 'computes, or waits for something of its own' : `waits for ${waitsFor}`
    return [{ participant: self, for: 'source', stream: source.id, words: `participant ${self}: ${name} ${doing}` }]
  }
  return sinks.filter((sink) => !sink.isClosed && !sink.isHungry).map((sink) => ofGate(self, { id: source.id, name, gate }, sink))
}

function ofGate(self: ParticipantId, source: { id: PhysicalStreamId; name: string; gate: ClosedGate | undefined }, sink: Sink): Wait {
  const { receiver: on, queuedBytes } = sink
  const why =
    sink.state === 'planned'
      ? `participant ${on} has not asked yet`
      : queuedBytes > 0
        ? `${queuedBytes} bytes wait for participant ${on}`
        : `participant ${on} takes no more`
  const more = source.gate === undefined ? '' : `; ${source.gate.words}`
  const words = `participant ${self}: ${source.name} waits at its gate: ${why}${more}`
  return { participant: self, for: source.gate?.for ?? 'gate', stream: source.id, on, words }
}
