import { MillraceError, ProtocolError } from '../base/errors.js'
import { ENTRY, ENTRY_HEADER_BYTES, single } from './value-writer.js'

/** What goes along with a call beside its input, such as `{ traceparent }`: texts by name. */
export type Carrier = Readonly<Record<string, string>>

/** At the caller, when a call is made: what goes along with it. */
export type Inject = () => Carrier | undefined

/** In the worker: runs a handler, and all that it begins, in what went along with its call. */
export type Extract = (carrier: Carrier, run: () => unknown) => unknown

/** The message of an input behind what goes along with it. Throws `InvalidArgument` where that is not texts. */
export function withCarrier(message: Uint8Array, carrier: Carrier | undefined): Uint8Array {
  if (carrier === undefined) return message
  if (!isCarrier(carrier)) throw new MillraceError('InvalidArgument', 'connect: inject has to return an object of texts, or undefined')
  const entry = single(ENTRY.carrier, Buffer.from(JSON.stringify(carrier)))
  const start = (entry.length + 7) & ~7
  const whole = new Uint8Array(start + message.length)
  whole.set(entry)
  whole.set(message, start)
  return whole
}

/** What goes along, and the message of the input. Throws `ProtocolError`. */
export function takeCarrier(message: Uint8Array): { carrier: Carrier | undefined; message: Uint8Array } {
  if (message.length < ENTRY_HEADER_BYTES || (message[3] as number) >> 4 !== ENTRY.carrier) return { carrier: undefined, message }
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const end = ENTRY_HEADER_BYTES + (view.getUint32(0, true) & 0x0fff_ffff)
  const carrier =
    end > message.length ? undefined : parsed(Buffer.from(message.buffer, message.byteOffset, end).subarray(ENTRY_HEADER_BYTES))
  if (!isCarrier(carrier)) throw new ProtocolError('what goes along with a call is no object of texts')
  return { carrier, message: message.subarray((end + 7) & ~7) }
}

function isCarrier(value: unknown): value is Carrier {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string')
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString())
  } catch {
    return undefined
  }
}
