import { ProtocolError } from '../base/errors.js'

/** States what a message must be like. Not for loops over rows: the text is made each time. */
export function check(holds: boolean, what: string): void {
  if (!holds) throw malformed(what)
}

export function malformed(what: string): ProtocolError {
  return new ProtocolError(`malformed batch: ${what}`)
}
