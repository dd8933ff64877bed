/** Each parcel begins with its channel (u32) and its kind and length (u32), little endian. */
export const WIRE_HEADER_BYTES = 8

/** What a parcel holds. */
export const PARCEL = { frames: 0, controls: 1, failed: 2, bell: 3 } as const
export type ParcelKind = (typeof PARCEL)[keyof typeof PARCEL]

const KIND_SHIFT = 28
const LENGTH_MASK = 0x0fff_ffff

/** Writes the header into a parcel that has room for it at its beginning. */
export function writeParcelHeader({ buffer, byteOffset, length }: Uint8Array, channel: number, kind: ParcelKind): void {
  const view = new DataView(buffer, byteOffset, WIRE_HEADER_BYTES)
  view.setUint32(0, channel, true)
  view.setUint32(4, (kind << KIND_SHIFT) | (length - WIRE_HEADER_BYTES), true)
}

/** What a header says; a peer wrote it. */
export function readParcelHeader(header: Buffer): { readonly channel: number; readonly kind: number; readonly length: number } {
  const word = header.readUint32LE(4)
  return { channel: header.readUint32LE(0), kind: word >>> KIND_SHIFT, length: word & LENGTH_MASK }
}
