import { serialize } from 'node:v8'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { encodeValue } from '../../src/call/value-writer.js'
import { encodeCall } from '../../src/frame/call-payload.js'
import { encodeTotals } from '../../src/frame/end-payload.js'
import { CONTROL, FRAME } from '../../src/frame/kinds.js'
import { encodeError, RANK } from '../../src/stream/error-payload.js'
import { streamId } from '../support/test-source.js'
import { OFFERED, STALLED } from './arena.js'
import { type Dice, joined, mutate } from './dice.js'
import { anyValue } from './values.js'

const FRAME_BYTES = 512
const NOBODY = streamId(0, 0)
/** It is sent again and again, far beyond what was granted. */
export const FLOOD = 'data without end'

/** Bytes for one of the two rings. */
export interface Shot {
  readonly ring: 'data' | 'control'
  readonly bytes: Uint8Array
}

/** Frames and records that would be right, more or less, in the order in which a peer would say them. */
class Grammar {
  private readonly sent = new Map<PhysicalStreamId, { messages: number; bytes: number }>()
  private readonly limits = new Map<PhysicalStreamId, number>()
  private readonly generations = new Map<PhysicalStreamId, number>()
  /** Streams that the session waits for, as far as it did what was right. */
  private readonly open: PhysicalStreamId[]

  constructor(
    private readonly dice: Dice,
    private readonly kind: 'query' | 'call',
    asked: readonly PhysicalStreamId[],
  ) {
    this.open = [...asked]
  }

  /** The next thing that such a peer says. */
  next(): Shot[] {
    const { dice } = this
    if (dice.chance(0.03)) return [{ ring: dice.pick(['data', 'control'] as const), bytes: dice.bytes(8 * (1 + dice.int(12))) }]
    if (dice.chance(0.4) && (this.kind === 'query' || this.generations.size > 0 || dice.chance(0.05))) return [this.record()]
    const rolled = dice.int(10)
    if (this.kind === 'call' && dice.chance(0.25)) return this.call()
    const id = this.streamOf(this.open)
    if (rolled < 4) return [this.whole(id)]
    if (rolled < 6) return this.fragments(id)
    if (rolled < 7) return [this.end(id)]
    if (rolled < 8) return [this.terminal(FRAME.ERROR, id, this.error())]
    if (dice.chance(0.3)) return [this.terminal(FRAME.RESET, id, new Uint8Array(8))]
    if (dice.chance(0.1)) return [frame(FRAME.GOODBYE, NOBODY, new Uint8Array(0))]
    return [this.whole(id)]
  }

  private streamOf(usual: readonly PhysicalStreamId[]): PhysicalStreamId {
    return usual.length > 0 && this.dice.chance(0.97) ? this.dice.pick(usual) : streamId(this.dice.int(0x1_0000), this.dice.int(4))
  }

  private payload(max: number): Uint8Array {
    const { dice } = this
    if (this.kind === 'query') return dice.bytes(1 + dice.int(max))
    const value = encodeValue(anyValue(dice))
    return dice.chance(0.2) ? mutate(dice, value) : value
  }

  private whole(id: PhysicalStreamId): Shot {
    const payload = this.payload(60).subarray(0, FRAME_BYTES)
    this.count(id, payload.length)
    return frame(FRAME.DATA, id, payload)
  }

  private fragments(id: PhysicalStreamId): Shot[] {
    const { dice } = this
    const total = FRAME_BYTES + 1 + dice.int(900)
    const announced = dice.chance(0.1) ? dice.word() : total
    const prefix = new Uint8Array(4)
    new DataView(prefix.buffer).setUint32(0, announced, true)
    const body = joined(prefix, this.kind === 'call' ? encodeValue(new Uint8Array(total - 8)) : new Uint8Array(total))
    const shots: Shot[] = []
    for (let at = 0; at < body.length; at += FRAME_BYTES) {
      const piece = body.subarray(at, at + FRAME_BYTES)
      shots.push(frame(at + FRAME_BYTES >= body.length ? FRAME.DATA : FRAME.DATA_MORE, id, piece))
    }
    this.count(id, total)
    return shots
  }

  private end(id: PhysicalStreamId): Shot {
    const { messages, bytes } = this.sent.get(id) ?? { messages: 0, bytes: 0 }
    this.sent.delete(id)
    return this.terminal(FRAME.END, id, encodeTotals({ messages, bytes }))
  }

  private terminal(kind: number, id: PhysicalStreamId, payload: Uint8Array): Shot {
    const at = this.open.indexOf(id)
    if (at >= 0 && this.dice.chance(0.95)) this.open.splice(at, 1)
    return frame(kind, id, payload)
  }

  private error(): Uint8Array {
    const { dice } = this
    if (dice.chance(0.2)) return joined(Uint8Array.of(dice.int(4)), serialize(anyValue(dice))).subarray(0, FRAME_BYTES)
    return encodeError(new RangeError('out of range', { cause: anyValue(dice) }), dice.pick(Object.values(RANK)), FRAME_BYTES)
  }

  private call(): Shot[] {
    const { dice } = this
    const id = this.streamOf(OFFERED)
    const generation = ((this.generations.get(id) ?? 0) + (dice.chance(0.9) ? 1 : dice.int(0x1_0000))) & 0xffff
    this.generations.set(id, generation)
    const streamed = dice.chance(0.4)
    const inputId = streamed ? streamId(0x8000 | dice.int(3), dice.chance(0.95) ? 0 : dice.int(4)) : NOBODY
    const inputGeneration = streamed ? generation : 0
    const limit = dice.chance(0.8) ? 1000 + dice.int(5000) : dice.word()
    this.limits.set(id, limit)
    const input = streamed ? undefined : this.payload(60).subarray(0, FRAME_BYTES - 24)
    const procedure = dice.chance(0.95) ? dice.int(2) : dice.int(4)
    const call = frame(FRAME.CALL, id, encodeCall({ generation, procedure, limit, inputId, inputGeneration, input }))
    // Its data should come only after it was asked for, which a settled session has done.
    if (streamed && !this.open.includes(inputId)) this.open.push(inputId)
    return [call]
  }

  private record(): Shot {
    const { dice } = this
    const called = [...this.generations.keys()]
    const id = this.streamOf(this.kind === 'query' ? OFFERED : called.length > 0 ? called : [NOBODY])
    const generation = this.kind === 'query' ? 0 : (this.generations.get(id) ?? 0)
    const limit = (this.limits.get(id) ?? 0) + (dice.chance(0.9) ? dice.int(3000) : dice.word())
    const rolled = dice.int(20)
    if (rolled === 0) return record(CONTROL.SESSION_END, 0, 0, NOBODY, 0)
    if (rolled < 3) return record(CONTROL.CANCEL_STREAM, 0, generation, id, dice.int(3))
    const started = this.limits.has(id) || this.kind === 'call'
    this.limits.set(id, limit)
    if (dice.chance(started ? 0.1 : 0.97)) return record(CONTROL.START_STREAM, 0, generation, id, limit)
    return record(CONTROL.CREDIT, dice.int(2), generation, id, limit)
  }

  private count(id: PhysicalStreamId, bytes: number): void {
    const { messages, bytes: before } = this.sent.get(id) ?? { messages: 0, bytes: 0 }
    this.sent.set(id, { messages: messages + 1, bytes: before + bytes })
  }
}

function frame(kind: number, id: PhysicalStreamId, payload: Uint8Array): Shot {
  const header = new Uint8Array(8)
  const view = new DataView(header.buffer)
  view.setUint32(0, id, true)
  view.setUint32(4, ((kind << 28) | payload.length) >>> 0, true)
  return { ring: 'data', bytes: joined(header, payload, new Uint8Array(-payload.length & 7)) }
}

function record(type: number, flags: number, generation: number, id: PhysicalStreamId, value: number): Shot {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  bytes[0] = type
  bytes[1] = flags
  view.setUint16(2, generation, true)
  view.setUint32(4, id, true)
  view.setBigUint64(8, BigInt(value), true)
  return { ring: 'control', bytes }
}

/** A script with faults: shots changed, twice, in another order, left out. One in eight has none. */
export function script(dice: Dice, kind: 'query' | 'call', asked: readonly PhysicalStreamId[]): Shot[] {
  const grammar = new Grammar(dice, kind, asked)
  const shots: Shot[] = []
  for (let length = 1 + dice.int(20); length > 0; length--) shots.push(...grammar.next())
  if (dice.chance(0.125)) return shots
  for (let faults = 1 + dice.int(2); faults > 0 && shots.length > 0; faults--) spoil(dice, shots)
  return shots
}

function spoil(dice: Dice, shots: Shot[]): void {
  const at = dice.int(shots.length)
  const shot = shots[at]
  switch (dice.int(6)) {
    case 0:
      shots.splice(dice.int(shots.length), 0, shot)
      return
    case 1:
      shots.splice(at, 1)
      return
    case 2: {
      const other = dice.int(shots.length)
      shots[at] = shots[other]
      shots[other] = shot
      return
    }
    default:
      shots[at] = { ...shot, bytes: mutate(dice, shot.bytes) }
  }
}

/** Shots that no state of any stream allows. */
export const OFFENCES: Readonly<Record<string, Shot>> = {
  'a frame of an unknown kind': frame(9, NOBODY, new Uint8Array(8)),
  'data for a stream that never was': frame(FRAME.DATA, streamId(0x7ff0, 0), new Uint8Array(8)),
  'data of no bytes': frame(FRAME.DATA, streamId(0x7ff0, 0), new Uint8Array(0)),
  'a frame that runs past what is published': { ring: 'data', bytes: Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0) },
  'a PAD in the midst of the ring': { ring: 'data', bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, FRAME.PAD << 4, ...new Uint8Array(8)) },
  'a CALL of a few bytes': frame(FRAME.CALL, streamId(9, 1), new Uint8Array(8)),
  'a record of an unknown type': record(7, 0, 0, NOBODY, 0),
  'a CREDIT with reserved flags': record(CONTROL.CREDIT, 2, 0, streamId(1, 1), 0),
  'a START for the stream of another': record(CONTROL.START_STREAM, 0, 0, streamId(1, 2), 1000),
  'a SESSION_END with a value': record(CONTROL.SESSION_END, 0, 0, NOBODY, 1),
  'half a record': { ring: 'control', bytes: new Uint8Array(8) },
}

/** Against the stream of a plan that was asked for and is never read. */
export const PLANNED_OFFENCES: Readonly<Record<string, Shot>> = {
  'an END after a million messages': frame(FRAME.END, STALLED, encodeTotals({ messages: 1_000_000, bytes: 8_000_000 })),
  [FLOOD]: frame(FRAME.DATA, STALLED, new Uint8Array(FRAME_BYTES)),
}
