import { MillraceError } from '../base/errors.js'
import { type ParticipantId, participantId } from '../base/ids.js'

/** Who a worker is, by the number that its user knows. Throws `InvalidArgument`. */
export function workerId(worker: number): ParticipantId {
  if (Number.isInteger(worker) && worker > 0 && worker <= 0xffff) return participantId(worker)
  throw new MillraceError('InvalidArgument', `on(${worker}): give the number of a worker: 1, 2, ...`)
}
