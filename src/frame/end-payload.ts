import { ProtocolError } from '../base/errors.js'
import { getU64, putU64 } from '../base/little-endian.js'
import { END_PAYLOAD_BYTES } from './kinds.js'

/** What END says of the whole stream: how many messages, and their bytes without headers, prefixes and padding. */
export interface Totals {
  readonly messages: number
  readonly bytes: number
}

export function encodeTotals(totals: Totals): Uint8Array {
  const payload = new Uint8Array(END_PAYLOAD_BYTES)
  putU64(payload, 0, totals.messages)
  putU64(payload, 8, totals.bytes)
  return payload
}

/** Throws `ProtocolError`. */
export function decodeTotals(payload: Uint8Array): Totals {
  if (payload.length !== END_PAYLOAD_BYTES) throw new ProtocolError(`an END of ${payload.length} bytes`)
  const messages = getU64(payload, 0)
  const bytes = getU64(payload, 8)
  if (!Number.isSafeInteger(messages) || !Number.isSafeInteger(bytes))
    throw new ProtocolError(`an END after ${messages} messages, ${bytes} bytes`)
  return { messages, bytes }
}
