import { type PhysicalStreamId, senderOf } from '../base/ids.js'
import { hasTravelled } from '../stream/error-payload.js'

/** Where this package lies: frames of it say nothing to a caller. */
const OURS = new URL('..', import.meta.url).href
const FRAME = /^\s+at /

const located = new WeakSet<Error>()

/** An error from the other side, with the frames of whoever waits here above its own. Any other as it is. */
export function locate(error: unknown, stream: PhysicalStreamId): unknown {
  if (!(error instanceof Error) || !hasTravelled(error) || located.has(error) || typeof error.stack !== 'string') return error
  located.add(error)
  const lines = error.stack.split('\n')
  const first = lines.findIndex((line) => FRAME.test(line))
  const here = (new Error().stack ?? '')
    .split('\n')
    .filter((line) => FRAME.test(line) && !line.includes(OURS) && !line.includes('node:internal'))
  const head = first < 0 ? lines : lines.slice(0, first)
  const there = first < 0 ? [] : lines.slice(first)
  const stack = [...head, ...here, `    at participant ${senderOf(stream)}:`, ...there].join('\n')
  Object.defineProperty(error, 'stack', { value: stack, enumerable: false, writable: true, configurable: true })
  return error
}
