import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { getU16, getU32, getU64, putU16, putU32, putU64 } from '../base/little-endian.js'

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
  const { input } = call
  const payload = new Uint8Array(CALL_HEADER_BYTES + (input?.length ?? 0))
  putU16(payload, 0, call.generation)
  putU16(payload, 2, call.procedure)
  putU32(payload, 4, flagsOf(call))
  putU64(payload, 8, call.limit)
  putU32(payload, 16, call.inputId)
  putU16(payload, 20, call.inputGeneration)
  putU16(payload, 22, call.valuesAhead ?? 0)
  if (input !== undefined) payload.set(input, CALL_HEADER_BYTES)
  return payload
}

/** Throws `ProtocolError`. The input is a view of `payload`. */
export function decodeCall(payload: Uint8Array): CallPayload {
  if (payload.length < CALL_HEADER_BYTES) throw new ProtocolError(`a CALL of ${payload.length} bytes`)
  const flags = getU32(payload, 4)
  const limit = getU64(payload, 8)
  const streamed = flags === INPUT_STREAMED
  if (flags > INPUT_WITH_VALUES) throw new ProtocolError(`a CALL with reserved bits set`)
  if (!Number.isSafeInteger(limit)) throw new ProtocolError(`a CALL with the limit ${limit}`)
  if (streamed && payload.length > CALL_HEADER_BYTES) throw new ProtocolError('a CALL with an input both streamed and enclosed')
  const inputId = getU32(payload, 16) as PhysicalStreamId
  const inputGeneration = getU16(payload, 20)
  if (flags === 0 && (inputId !== NO_INPUT_STREAM || inputGeneration !== 0))
    throw new ProtocolError(`a CALL with an input enclosed and the stream ${inputId}`)
  if (flags !== 0 && inputId === NO_INPUT_STREAM) throw new ProtocolError('a CALL whose input stream has no id')
  return {
    generation: getU16(payload, 0),
    procedure: getU16(payload, 2),
    limit,
    inputId,
    inputGeneration,
    valuesAhead: getU16(payload, 22),
    input: streamed ? undefined : payload.subarray(CALL_HEADER_BYTES),
  }
}
