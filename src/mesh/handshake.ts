import { timingSafeEqual } from 'node:crypto'
import { type ParticipantId, participantId } from '../base/ids.js'

/**
 * What a member says first when it connects to another:
 *
 *     0   magic     u32, "MLRC"
 *     4   version   u32, of the protocol
 *     8   member    u32, its number in the pool
 *     12  nothing   u32, 0
 *     16  token     16 random bytes, handed to both by the leader
 */
export const HANDSHAKE_BYTES = 32
export const TOKEN_BYTES = 16
const MAGIC = 0x4352_4c4d
const PROTOCOL_VERSION = 1

export interface Handshake {
  readonly member: ParticipantId
  readonly token: Uint8Array
}

export function encodeHandshake({ member, token }: Handshake): Uint8Array {
  const bytes = Buffer.alloc(HANDSHAKE_BYTES)
  bytes.writeUint32LE(MAGIC, 0)
  bytes.writeUint32LE(PROTOCOL_VERSION, 4)
  bytes.writeUint32LE(member, 8)
  bytes.set(token, 16)
  return bytes
}

/** Undefined where it is none of ours, or of another version. */
export function decodeHandshake(bytes: Buffer): Handshake | undefined {
  const member = bytes.readUint32LE(8)
  if (bytes.readUint32LE(0) !== MAGIC || bytes.readUint32LE(4) !== PROTOCOL_VERSION || bytes.readUint32LE(12) !== 0) return undefined
  return member > 0xffff ? undefined : { member: participantId(member), token: bytes.subarray(16, HANDSHAKE_BYTES) }
}

/** Takes the same time whatever differs. */
export function isSameToken(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
