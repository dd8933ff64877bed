import { MillraceError, ProtocolError } from '../base/errors.js'
import { readOne } from './value-reader.js'
import { encodeValue } from './value-writer.js'

/** A stream of values that goes with an input. */
export type Values = AsyncIterable<unknown> | Iterable<unknown>

/** What a caller gives a handler, as it travels. */
export interface Input {
  /** What can be cloned of it, as one message. */
  readonly message: Uint8Array
  /** What is read from the caller, value by value; undefined: nothing. */
  readonly values: Values | undefined
}

/**
 * An input that can be iterated only once, or only by waiting, is a stream, and so is such a member of a plain object; at most one of
 * them. Arrays, maps, sets, texts and bytes are values. Throws `NotCloneable`, and `InvalidArgument` where there are two streams.
 */
export function encodeInput(input: unknown): Input {
  if (isValues(input)) return { message: encodeValue([undefined, undefined]), values: input }
  if (!isPlain(input)) return { message: encodeValue(input), values: undefined }
  const streams = Object.keys(input).filter((name) => isValues(input[name]))
  if (streams.length === 0) return { message: encodeValue(input), values: undefined }
  if (streams.length > 1) {
    const names = streams.map((name) => `'${name}'`).join(' and ')
    throw new MillraceError('InvalidArgument', `an input with the streams ${names}: it can have one; send the others in calls of their own`)
  }
  const { [streams[0]]: values, ...rest } = input
  return { message: encodeValue([streams[0], rest]), values: values as Values }
}

/** The input of a handler, where `values` belong to it. Throws `ProtocolError`. */
export function decodeInput(message: Uint8Array, values: unknown): unknown {
  const pair = readOne(message)
  if (!Array.isArray(pair) || pair.length !== 2) throw new ProtocolError('an input with a stream that does not say where it belongs')
  const [name, rest] = pair as [unknown, unknown]
  if (name === undefined && rest === undefined) return values
  if (typeof name !== 'string' || !isPlain(rest)) throw new ProtocolError('an input with a stream that does not say where it belongs')
  // Defined, not assigned: a member may be called __proto__.
  return Object.defineProperty(rest, name, { value: values, enumerable: true, configurable: true, writable: true })
}

/** The stream that an input is or has. */
export function streamOf(input: unknown): Values | undefined {
  if (isValues(input)) return input
  return isPlain(input) ? Object.values(input).find(isValues) : undefined
}

/** Whether it is read only once, or only by waiting. */
function isValues(value: unknown): value is Values {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.asyncIterator in value || (Symbol.iterator in value && 'next' in value && typeof value.next === 'function')
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
