import { ProtocolError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import type { MappedSegment, Mapper, OwnSegment } from '../memory/mapped-memory.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { MappedLink } from './acquaintance.js'
import { initLink, linkSizeBytes } from './link-layout.js'
import { attachLink, type RemoteMember } from './ring-link.js'

/**
 * Beside the failed word, in the 128 bytes that it has for itself, stands what a segment is, written before anybody else can open it:
 *
 *     4    magic     u32, "MLRS"
 *     8    version   u32
 *     12   size      u32, in bytes
 *     16   epoch     u32, the number of the link in its pool
 *
 * as 32-bit words.
 */
export const SEGMENT_WORD = { magic: 1, version: 2, size: 3, epoch: 4 } as const
const MAGIC = 0x5352_4c4d
const VERSION = 1

/** Makes the memory of a link, ready to be attached. `position` is where its rings begin. */
export function createMappedLink(
  mapper: Mapper,
  ends: Omit<MappedLink, 'address'>,
  position?: number,
): { readonly link: MappedLink; readonly own: OwnSegment } {
  const own = mapper.create(linkSizeBytes(ends))
  initLink({ ...ends, segment: own.segment }, position)
  const words = new Int32Array(own.segment, 0, SEGMENT_WORD.epoch + 1)
  words[SEGMENT_WORD.magic] = MAGIC
  words[SEGMENT_WORD.version] = VERSION
  words[SEGMENT_WORD.size] = own.segment.byteLength
  words[SEGMENT_WORD.epoch] = ends.epoch
  return { link: { ...ends, address: own.address }, own }
}

/**
 * `self`'s end of a link in memory that `mapped` shows. The memory is given back when the link is released. Throws `ProtocolError` where it does
 * not hold what it should.
 */
export function attachMappedLink(mapped: MappedSegment, link: MappedLink, self: ParticipantId, remote: RemoteMember): LinkEnd {
  try {
    check(mapped.segment, link)
    return attachLink({ ...link, segment: mapped.segment }, self, remote, mapped.unmap)
  } catch (error) {
    mapped.unmap()
    throw error
  }
}

function check(segment: ArrayBuffer, { epoch, ...ends }: MappedLink): void {
  const sizeBytes = linkSizeBytes(ends)
  if (segment.byteLength !== sizeBytes) throw new ProtocolError(`a link of ${sizeBytes} bytes in a segment of ${segment.byteLength}`)
  const words = new Int32Array(segment, 0, SEGMENT_WORD.epoch + 1)
  const expected = { magic: MAGIC, version: VERSION, size: sizeBytes, epoch }
  for (const name of ['magic', 'version', 'size', 'epoch'] as const) {
    const value = words[SEGMENT_WORD[name]]
    if (value !== expected[name]) throw new ProtocolError(`the ${name} of a link is ${value} where ${expected[name]} was expected`)
  }
}
