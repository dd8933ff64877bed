import type { Writable } from 'node:stream'

const NEWLINE = 10
/** A line that has no end goes in pieces of this many bytes. */
const LINE_BYTES_MAX = 0x10_0000

type Done = (error?: Error | null) => void

/**
 * Makes a stream write whole lines, so that those of several threads that end up in one output are never torn. Returns what writes the
 * rest, with an end of line.
 */
export function keepWholeLines(stream: Pick<Writable, 'write'>): () => void {
  const write = stream.write.bind(stream) as (bytes: Uint8Array, done?: Done) => boolean
  let held: Uint8Array[] = []
  let heldBytes = 0
  const take = (bytes: Uint8Array): Uint8Array => {
    const whole = Buffer.concat([...held, bytes])
    held = []
    heldBytes = 0
    return whole
  }
  const hold = (bytes: Uint8Array): void => {
    held.push(bytes.slice())
    heldBytes += bytes.length
  }
  const writeLines = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk
    const callback = typeof encoding === 'function' ? encoding : done
    const end = heldBytes + bytes.length > LINE_BYTES_MAX ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
    const lines = end > 0 ? take(bytes.subarray(0, end)) : undefined
    if (end < bytes.length) hold(bytes.subarray(end))
    if (lines !== undefined) return write(lines, callback)
    if (callback !== undefined) process.nextTick(callback)
    return true
  }
  stream.write = writeLines as Writable['write']
  return () => {
    if (heldBytes > 0) write(take(Uint8Array.of(NEWLINE)))
  }
}
