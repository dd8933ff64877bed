import { copyBytes } from './copy.js'

/** Memory of one's own, not cleared: it is to be overwritten at once. Never a slice of a shared pool, so that it can be kept. */
export function allocate(sizeBytes: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(sizeBytes)
  return new Uint8Array(buffer.buffer, buffer.byteOffset, sizeBytes)
}

/** The same bytes in memory of their own. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  const own = allocate(bytes.length)
  copyBytes(own, 0, bytes)
  return own
}
