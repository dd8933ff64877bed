import { assert } from '../base/assert.js'
import type { ParticipantId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { ParcelControlReader, ParcelControlWriter } from '../frame/parcel-controls.js'
import { ParcelFrameReader, ParcelFrameWriter } from '../frame/parcel-frames.js'
import { Recycler } from '../memory/recycler.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { SocketLink } from './acquaintance.js'
import { PARCEL, WIRE_HEADER_BYTES } from './parcel-header.js'
import type { Wire } from './wire.js'

/** What a link end needs to know of the member at its other end. */
export interface WiredMember {
  readonly wire: Wire
  readonly isDead: () => boolean
  /** Asks for a turn of our own loop. */
  readonly schedule: () => void
}

/** `self`'s end of a link that is a channel of the wire between two members. */
export function attachSocketLink({ wire, isDead, schedule }: WiredMember, link: SocketLink, self: ParticipantId): LinkEnd {
  const { channel, first, second, firstRingBytes, secondRingBytes } = link
  assert(self === first || self === second, `participant ${self} is no end of this link`)
  const [ours, theirs] = self === first ? [firstRingBytes, secondRingBytes] : [secondRingBytes, firstRingBytes]
  let hasFailed = false
  const frames = {
    outlet: new ParcelFrameWriter(
      ours,
      {
        headerBytes: WIRE_HEADER_BYTES,
        send: (parcel, ahead) => wire.send(channel, PARCEL.frames, parcel, ahead),
        isWaiting: (id) => wire.isWaiting(channel, id),
      },
      new Recycler(),
      schedule,
    ),
    inlet: new ParcelFrameReader(theirs),
  }
  const controls = {
    outlet: new ParcelControlWriter(
      { headerBytes: WIRE_HEADER_BYTES, send: (parcel) => wire.send(channel, PARCEL.controls, parcel, true) },
      schedule,
      LIMITS.controlRingBytes,
    ),
    inlet: new ParcelControlReader(),
  }
  wire.open(channel, {
    frames: (bytes, endsParcel) => frames.inlet.arrived(bytes, endsParcel),
    controls: (bytes) => controls.inlet.arrived(bytes),
    failed: () => {
      hasFailed = true
    },
  })
  return {
    frames,
    controls,
    // What arrives wakes by itself.
    wakePeer: () => {},
    look: () => wire.look(),
    condition: () => (hasFailed ? 'failed' : isDead() ? 'lost' : 'open'),
    fail: () => wire.signal(channel, PARCEL.failed),
    release: () => wire.shut(channel),
  }
}
