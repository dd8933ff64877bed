import { Buffer } from 'node:buffer'
import { types } from 'node:util'

/** Whether it is a Uint8Array, of any realm; a Buffer is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value)
}

/** A char for each byte. */
export function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** The same memory as bytes. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The same bytes in memory of their own. */
export function copyOfBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  return copy
}
