import { copyBytes } from './copy.js'

/** Up to here memory that is cleared is the cheaper: V8 keeps the smallest arrays in its own heap, and makes the others in one step. */
const CLEARED_BYTES_MAX = 1024

/** Memory of one's own, cleared or not: it is to be overwritten at once. Never a slice of a shared pool, so that it can be kept. */
export function allocate(sizeBytes: number): Uint8Array {
  if (sizeBytes <= CLEARED_BYTES_MAX) return new Uint8Array(sizeBytes)
  const buffer = Buffer.allocUnsafeSlow(sizeBytes)
  return new Uint8Array(buffer.buffer, buffer.byteOffset, sizeBytes)
}

/** The same bytes in memory of their own. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  const own = allocate(bytes.length)
  copyBytes(own, 0, bytes)
  return own
}
