import { MillraceError } from './errors.js'

/** States an invariant of the library. Throws `Internal` where it does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new MillraceError('Internal', message)
}

/** For the `default:` of a switch over a union: names what was not handled. */
export function unreachable(value: never, where: string): never {
  throw new MillraceError('Internal', `${where}: unexpected ${String(value)}`)
}
