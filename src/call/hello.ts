import { type Handlers, isIdempotentHandler, isStreamHandler } from './handlers.js'

/** What a worker says it serves, in the order of its procedures. */
export interface Procedure {
  readonly name: string
  readonly isStream: boolean
  /** Whether a call of it may begin again. */
  readonly isIdempotent: boolean
}

export function proceduresOf(handlers: Handlers): Procedure[] {
  return Object.entries(handlers).map(([name, handler]) => ({
    name,
    isStream: isStreamHandler(handler),
    isIdempotent: isIdempotentHandler(handler),
  }))
}
