import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'

/**
 * What a CALL frame carries; the id of its frame is the physical id of the result.
 *
 *     0   u16  generation of the result's id
 *     2   u16  procedure: index in the callee's table
 *     4   u32  flags: 1 the input is the one message of a stream of the caller's own; 2 it follows here, and a stream of values belongs to it
 *     8   u64  first byte limit of the result: the CALL is its start
 *     16  u32  physical id of the input stream, 0 without one
 *     20  u16  generation of the input stream, 0 without one
 *     22  u16  how many values the result may be ahead of its consumer, 0 where bytes alone count
 *     24  the input
 */
export interface CallPayload {
  readonly generation: number
  readonly procedure: number
  readonly limit: number
  /** 0 where there is no input stream. */
  readonly inputId: PhysicalStreamId
  readonly inputGeneration: number
  /** 0, the default: no limit but the bytes. */
  readonly valuesAhead?: number | undefined
  /** Undefined where it is in the input stream. */
  readonly input: Uint8Array | undefined
}

export const CALL_HEADER_BYTES: number = 24
/** In place of the id of an input stream. */
export const NO_INPUT_STREAM: PhysicalStreamId = 0 as PhysicalStreamId
const INPUT_STREAMED = 1
const INPUT_WITH_VALUES = 2

function flagsOf({ input, inputId }: CallPayload): number {
  if (input === undefined) return INPUT_STREAMED
  return inputId === NO_INPUT_STREAM ? 0 : INPUT_WITH_VALUES
}

export function encodeCall(call: CallPayload): Uint8Array {
  const input = call.input ?? new Uint8Array(0)
  const payload = new Uint8Array(CALL_HEADER_BYTES + input.length)
  const view = new DataView(payload.buffer)
  view.setUint16(0, call.generation, true)
  view.setUint16(2, call.procedure, true)
  view.setUint32(4, flagsOf(call), true)
  view.setBigUint64(8, BigInt(call.limit), true)
  view.setUint32(16, call.inputId, true)
  view.setUint16(20, call.inputGeneration, true)
  view.setUint16(22, call.valuesAhead ?? 0, true)
  payload.set(input, CALL_HEADER_BYTES)
  return payload
}

/** Throws `ProtocolError`. The input is a view of `payload`. */
export function decodeCall(payload: Uint8Array): CallPayload {
  if (payload.length < CALL_HEADER_BYTES) throw new ProtocolError(`a CALL of ${payload.length} bytes`)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const flags = view.getUint32(4, true)
  const limit = Number(view.getBigUint64(8, true))
  const streamed = flags === INPUT_STREAMED
  if (flags > INPUT_WITH_VALUES) throw new ProtocolError(`a CALL with reserved bits set`)
  if (!Number.isSafeInteger(limit)) throw new ProtocolError(`a CALL with the limit ${limit}`)
  if (streamed && payload.length > CALL_HEADER_BYTES) throw new ProtocolError('a CALL with an input both streamed and enclosed')
  const inputId = view.getUint32(16, true) as PhysicalStreamId
  const inputGeneration = view.getUint16(20, true)
  if (flags === 0 && (inputId !== NO_INPUT_STREAM || inputGeneration !== 0))
    throw new ProtocolError(`a CALL with an input enclosed and the stream ${inputId}`)
  if (flags !== 0 && inputId === NO_INPUT_STREAM) throw new ProtocolError('a CALL whose input stream has no id')
  return {
    generation: view.getUint16(0, true),
    procedure: view.getUint16(2, true),
    limit,
    inputId,
    inputGeneration,
    valuesAhead: view.getUint16(22, true),
    input: streamed ? undefined : payload.subarray(CALL_HEADER_BYTES),
  }
}
