import { ProtocolError } from '../base/errors.js'
import { isInputId, type ParticipantId, type PhysicalStreamId, senderOf } from '../base/ids.js'
import { type CallPayload, decodeCall, NO_INPUT_STREAM } from '../frame/call-payload.js'
import type { Peer } from './peer.js'
import { isNewer } from './registry.js'

/** The CALL that a frame carries, checked: it must be for us, and what it names the caller's to name, and free. Throws `ProtocolError`. */
export function incomingCall(self: ParticipantId, peer: Peer, id: PhysicalStreamId, payload: Uint8Array): CallPayload {
  if (senderOf(id) !== self) throw new ProtocolError(`a CALL for the stream ${id}, whose sender is another`)
  const call = decodeCall(payload)
  checkCall(peer, id, call)
  return call
}

function checkCall(peer: Peer, id: PhysicalStreamId, call: CallPayload): void {
  const { generation, inputId } = call
  if (isInputId(id)) throw new ProtocolError(`a CALL for the stream ${id}, which names an input`)
  const last = peer.generations.get(id)
  if (!isNewer(generation, last))
    throw new ProtocolError(`a CALL of generation ${generation} for the stream ${id} after generation ${last}`)
  if (inputId === NO_INPUT_STREAM) return
  if (!isInputId(inputId) || senderOf(inputId) !== peer.id || peer.reader.has(inputId) || peer.inputsNamed.has(inputId)) {
    throw new ProtocolError(`a CALL whose input is the stream ${inputId}, which participant ${peer.id} cannot give`)
  }
  peer.inputsNamed.add(inputId)
}
