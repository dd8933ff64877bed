import { codecsOf, type Handlers, isIdempotentHandler, isStreamHandler } from './handlers.js'

/** What a worker says it serves, in the order of its procedures. */
export interface Procedure {
  readonly name: string
  readonly isStream: boolean
  /** Whether a call of it may begin again. */
  readonly isIdempotent: boolean
  /** Whether its values are what a codec makes of them. */
  readonly isCoded: boolean
}

export function proceduresOf(handlers: Handlers): Procedure[] {
  const codecs = codecsOf(handlers)
  return Object.entries(handlers).map(([name, handler]) => ({
    name,
    isStream: isStreamHandler(handler),
    isIdempotent: isIdempotentHandler(handler),
    isCoded: Object.hasOwn(codecs, name),
  }))
}
