import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import type { StreamSource } from '../stream/source-task.js'

/** A caller's input that is too long for its CALL, as a stream of the caller's own. */
export function inputSource(id: PhysicalStreamId, receiver: ParticipantId, message: Uint8Array): StreamSource {
  return {
    id,
    receivers: [receiver],
    delivery: 'calls',
    run: async (task) => task.sinks[0].write(message),
    dispose: () => {},
  }
}
