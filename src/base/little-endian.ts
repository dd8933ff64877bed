/**
 * Numbers in bytes, the lowest byte first. For a handful of them this is quicker than a `DataView`: that wants the memory behind the bytes,
 * which a small array does not have until somebody asks.
 */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  putU16(bytes, at, value)
  putU16(bytes, at + 2, value >>> 16)
}

const HIGH = 0x1_0000_0000

/** A safe integer that is not negative. */
export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, value % HIGH)
  putU32(bytes, at + 4, Math.floor(value / HIGH))
}

export function getU16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8)
}

export function getU32(bytes: Uint8Array, at: number): number {
  return (getU16(bytes, at) | (getU16(bytes, at + 2) << 16)) >>> 0
}

/** Rounded where it is no safe integer. */
export function getU64(bytes: Uint8Array, at: number): number {
  return getU32(bytes, at + 4) * HIGH + getU32(bytes, at)
}

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

export function getF64(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index++) doubleBytes[index] = bytes[at + index]
  return double[0]
}
