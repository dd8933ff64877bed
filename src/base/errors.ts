import { CODES, type Code, type Fault } from './codes.js'

export interface ErrorOptions {
  readonly cause?: unknown
}

/**
 * The one family of errors of this package. Match on `code`; the message is for people.
 * `name` is the code followed by `Error`.
 */
export class MillraceError extends Error {
  readonly code: Code
  readonly fault: Fault

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.fault = CODES[code].fault
    Object.defineProperty(this, 'name', { value: code.endsWith('Error') ? code : `${code}Error`, configurable: true })
  }
}

/** A peer broke the protocol: the pair is failed, nothing else. */
export class ProtocolError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('Protocol', message, options)
  }
}

/** The peer died before the stream or call had ended. */
export class PeerLostError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('PeerLost', message, options)
  }
}

/** The consumer cancelled. The reason is the `cause`. */
export class CancelledError extends MillraceError {
  constructor(message = 'cancelled', options?: ErrorOptions) {
    super('Cancelled', message, options)
  }
}

/** The pool or run was closed. */
export class SessionEndedError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('SessionEnded', message, options)
  }
}

/** More open calls than the limit allows. */
export class TooManyCallsError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super('TooManyCalls', message, options)
  }
}
