import { assert } from '../base/assert.js'
import type { ParticipantId } from '../base/ids.js'
import { ControlReader } from '../frame/control-reader.js'
import { ControlWriter } from '../frame/control-writer.js'
import { FrameReader } from '../frame/frame-reader.js'
import { FrameWriter } from '../frame/frame-writer.js'
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

/** `self`'s end of the shared memory between two threads. Throws `ProtocolError` where it does not hold what it should. */
export function attachLink(link: LinkSegment, self: ParticipantId, remote: RemoteMember): LinkEnd {
  assert(self === link.first || self === link.second, `participant ${self} is no end of this link`)
  const regions = linkRegions(link)
  const words = new SharedWords(link.segment)
  const isFirst = self === link.first
  const ours = isFirst ? [regions.firstData, regions.firstControl] : [regions.secondData, regions.secondControl]
  const theirs = isFirst ? [regions.secondData, regions.secondControl] : [regions.firstData, regions.firstControl]
  return {
    frames: { outlet: new FrameWriter(new RingWriter(ours[0])), inlet: new FrameReader(new RingReader(theirs[0])) },
    controls: { outlet: new ControlWriter(new RingWriter(ours[1])), inlet: new ControlReader(new RingReader(theirs[1])) },
    wakePeer: () => remote.wake(),
    condition: () => (words.load(0) === FAILED ? 'failed' : remote.isDead ? 'lost' : 'open'),
    fail: () => words.store(0, FAILED),
    release: () => {},
  }
}
