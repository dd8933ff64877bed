import { ProtocolError } from '../base/errors.js'
import { END_PAYLOAD_BYTES } from './kinds.js'

/** What END says of the whole stream: how many messages, and their bytes without headers, prefixes and padding. */
export interface Totals {
  readonly messages: number
  readonly bytes: number
}

export function encodeTotals(totals: Totals): Uint8Array {
  const payload = new Uint8Array(END_PAYLOAD_BYTES)
  const view = new DataView(payload.buffer)
  view.setBigUint64(0, BigInt(totals.messages), true)
  view.setBigUint64(8, BigInt(totals.bytes), true)
  return payload
}

/** Throws `ProtocolError`. */
export function decodeTotals(payload: Uint8Array): Totals {
  if (payload.length !== END_PAYLOAD_BYTES) throw new ProtocolError(`an END of ${payload.length} bytes`)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const messages = Number(view.getBigUint64(0, true))
  const bytes = Number(view.getBigUint64(8, true))
  if (!Number.isSafeInteger(messages) || !Number.isSafeInteger(bytes))
    throw new ProtocolError(`an END after ${messages} messages, ${bytes} bytes`)
  return { messages, bytes }
}
