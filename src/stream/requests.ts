import { assert } from '../base/assert.js'
import { SessionEndedError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { CALL_HEADER_BYTES, type CallPayload, encodeCall, NO_INPUT_STREAM } from '../frame/call-payload.js'
import type { Budget } from './credit.js'
import { Inbound, type InboundOutlet } from './inbound.js'
import { Overdraft } from './overdraft.js'
import type { Peer } from './peer.js'

/** How a receiver asks for a stream. */
export interface RequestOptions {
  readonly delivery: 'calls' | 'flows'
  readonly windowBytes?: number | undefined
  /** Memory for its messages, where it is not their own. */
  readonly allocate?: ((sizeBytes: number) => Uint8Array) | undefined
  readonly background?: boolean | undefined
  readonly over?: (() => void) | undefined
  /** Its consumer has left, and its producer is being told. */
  readonly cancelled?: (() => void) | undefined
  /** For a stall report: what it brings, such as "the rows of stage 0". */
  readonly name?: string | undefined
}

export interface RequestsHost {
  /** Asks for a turn of the loop. */
  readonly schedule: () => void
  readonly waiting?: ((change: 1 | -1) => void) | undefined
}

/** The largest input, in bytes, that a CALL to this peer carries. */
export function inputBytesMax(peer: Peer): number {
  return peer.writer.payloadBytesMax - CALL_HEADER_BYTES
}

/** What one participant asks of its peers: streams of a plan, calls, and the inputs of calls to it. */
export class Requests {
  private readonly overdraft = new Overdraft()

  constructor(
    private readonly budget: Budget,
    private readonly host: RequestsHost,
  ) {}

  planned(peer: Peer, id: PhysicalStreamId, options: RequestOptions): Inbound {
    assert(!peer.requested.has(id), `the stream ${id} was asked for before`)
    peer.requested.add(id)
    return this.createInbound(peer, id, 0, options)
  }

  call(peer: Peer, id: PhysicalStreamId, call: Omit<CallPayload, 'limit'>, options: RequestOptions): Inbound {
    if (peer.closedBy !== undefined) throw peer.closedBy
    assert((call.input?.length ?? 0) <= inputBytesMax(peer), 'an input that does not fit the CALL')
    const stream = this.createInbound(peer, id, call.generation, { ...options, over: () => callOver(peer, call, options.over) })
    const limit = stream.open()
    peer.cells.hold(id, call.generation, limit)
    peer.writer.call({
      id,
      payload: encodeCall({ ...call, limit }),
      inputId: call.inputId === NO_INPUT_STREAM ? undefined : call.inputId,
      sent: () => peer.cells.unhold(id),
    })
    this.host.schedule()
    return stream
  }

  input(peer: Peer, id: PhysicalStreamId, generation: number): Inbound {
    peer.inputsNamed.delete(id)
    return this.createInbound(peer, id, generation, { delivery: 'calls' })
  }

  private createInbound(peer: Peer, id: PhysicalStreamId, generation: number, request: RequestOptions): Inbound {
    assert(!peer.reader.has(id), `the stream ${id} is open already`)
    const stream = new Inbound({
      id,
      generation,
      payloadMax: peer.reader.payloadBytesMax,
      budget: this.budget,
      overdraft: this.overdraft,
      outlet: this.outletTo(peer, request.cancelled),
      ...request,
      windowBytes: Math.min(request.windowBytes ?? Number.POSITIVE_INFINITY, peer.reader.windowBytesMax),
    })
    if (peer.state === 'over') stream.lose(peer.closedBy ?? peer.ended())
    else peer.reader.add(stream)
    return stream
  }

  private outletTo(peer: Peer, cancelled: (() => void) | undefined): InboundOutlet {
    const { schedule } = this.host
    return {
      start: (stream, limit) => {
        peer.cells.start(stream.id, stream.generation, limit)
        schedule()
      },
      credit: (stream, limit, starving) => {
        peer.cells.credit(stream.id, stream.generation, limit, starving)
        schedule()
      },
      awaitData: (stream) => peer.reader.awaitData(stream),
      cancel: (stream) => {
        if (cancelInbound(peer, stream)) cancelled?.()
        schedule()
      },
      waiting: (_stream, waits) => this.host.waiting?.(waits ? 1 : -1),
    }
  }
}

/** Its ids are free again when the result is over and the input's sink closed, whichever is later. */
function callOver(peer: Peer, call: Omit<CallPayload, 'limit'>, over: (() => void) | undefined): void {
  const input = peer.sinks.get(call.inputId)
  if (over === undefined) return
  if (input === undefined || input.state === 'closed') over()
  else peer.inputsLeft.set(input.id, over)
}

/** A call that was not sent yet is cancelled here; everything else by a record. Returns whether by one. */
function cancelInbound(peer: Peer, stream: Inbound): boolean {
  const call = peer.writer.withdraw(stream.id)
  if (call === undefined) {
    peer.cells.cancel(stream.id, stream.generation)
    return true
  }
  peer.cells.drop(stream.id)
  peer.reader.remove(stream)
  stream.lose(new SessionEndedError('withdrawn'))
  // Nobody will ever ask for its input.
  if (call.inputId !== undefined) peer.sinks.get(call.inputId)?.lose()
  return false
}
