import { MillraceError, PeerLostError } from '../base/errors.js'
import { streamOf } from './input.js'

const RETRIES_MAX = 3

interface Retried {
  readonly name: string
  readonly isIdempotent: boolean
}

/** How often a call may begin again. Throws `InvalidArgument` where it may not and was to. */
export function retriesOf({ name, isIdempotent }: Retried, input: unknown, retry = false): number {
  if (!retry) return 0
  if (!isIdempotent)
    throw new MillraceError('InvalidArgument', `retry: mark the handler with idempotent(${name}) where it may run more than once`)
  if (streamOf(input) !== undefined)
    throw new MillraceError('InvalidArgument', `retry: the stream in the input of '${name}' cannot be sent again`)
  return RETRIES_MAX
}

/** Whether a call that failed so may begin again. */
export function isRetriable(error: unknown): boolean {
  return error instanceof PeerLostError
}

/** Calls again while workers are lost. */
export async function retried<T>(call: () => Promise<T>, retries: number): Promise<T> {
  for (let left = retries; ; left--) {
    try {
      return await call()
    } catch (error) {
      if (left === 0 || !isRetriable(error)) throw error
    }
  }
}
