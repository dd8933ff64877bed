import { assert } from '../base/assert.js'
import type { ParticipantId } from '../base/ids.js'
import { ControlReader } from '../frame/control-reader.js'
import { ControlWriter } from '../frame/control-writer.js'
import { FrameReader } from '../frame/frame-reader.js'
import { FrameWriter } from '../frame/frame-writer.js'
import { nativeAtomics } from '../memory/atomics.js'
import { SharedWords } from '../memory/shared-words.js'
import { RingReader } from '../ring/ring-reader.js'
import { RingWriter } from '../ring/ring-writer.js'
import type { LinkEnd } from '../stream/link-end.js'
import { type LinkSegment, linkRegions } from './link-layout.js'

const FAILED = 1

/** What a link end needs to know of the member at its other end. */
export interface RemoteMember {
  readonly isDead: boolean
  wake(): void
}

/** `self`'s end of the shared memory between two members. `unmap`: gives the memory back, once no view of it is left. Throws `ProtocolError` where it does not hold what it should. */
export function attachLink(link: LinkSegment, self: ParticipantId, remote: RemoteMember, unmap?: () => void): LinkEnd {
  assert(self === link.first || self === link.second, `participant ${self} is no end of this link`)
  const regions = linkRegions(link)
  const words = new SharedWords(link.segment, nativeAtomics, 1)
  const isFirst = self === link.first
  const ours = isFirst ? [regions.firstData, regions.firstControl] : [regions.secondData, regions.secondControl]
  const theirs = isFirst ? [regions.secondData, regions.secondControl] : [regions.firstData, regions.firstControl]
  const [data, control] = ours.map((region) => new RingWriter(region))
  const [theirData, theirControl] = theirs.map((region) => new RingReader(region))
  const release = (): void => {
    if (unmap === undefined) return
    for (const ring of [data, control, theirData, theirControl]) ring.detach()
    words.detach()
    unmap()
  }
  return {
    frames: { outlet: new FrameWriter(data), inlet: new FrameReader(theirData) },
    controls: { outlet: new ControlWriter(control), inlet: new ControlReader(theirControl) },
    wakePeer: () => remote.wake(),
    condition: () => (words.load(0) === FAILED ? 'failed' : remote.isDead ? 'lost' : 'open'),
    fail: () => words.store(0, FAILED),
    release,
  }
}
