import { assert } from './assert.js'

declare const brand: unique symbol

/** Which participant of a mesh: u16, 0 is the leader. */
export type ParticipantId = number & { readonly [brand]: 'participant' }
/** What a plan calls a source: u16, without saying who produces it. */
export type LogicalStreamId = number & { readonly [brand]: 'logical' }
/** `(logical << 16) | sender`, u32: a source, that is what is produced and by whom. It is what frames and control records carry. */
export type PhysicalStreamId = number & { readonly [brand]: 'physical' }

export const LEADER: ParticipantId = 0 as ParticipantId

const U16_MAX = 0xffff

export function participantId(value: number): ParticipantId {
  assert(Number.isInteger(value) && value >= 0 && value <= U16_MAX, `participant id ${value} is not a u16`)
  return value as ParticipantId
}

export function logicalId(value: number): LogicalStreamId {
  assert(Number.isInteger(value) && value >= 0 && value <= U16_MAX, `logical stream id ${value} is not a u16`)
  return value as LogicalStreamId
}

export function physicalId(logical: LogicalStreamId, sender: ParticipantId): PhysicalStreamId {
  return (((logical << 16) | sender) >>> 0) as PhysicalStreamId
}

export function senderOf(id: PhysicalStreamId): ParticipantId {
  return (id & U16_MAX) as ParticipantId
}

export function logicalOf(id: PhysicalStreamId): LogicalStreamId {
  return (id >>> 16) as LogicalStreamId
}

/** In a mesh for calls: whether it names an input, a stream of the caller's own (logical bit 15), or a result. */
export function isInputId(id: PhysicalStreamId): boolean {
  return id >>> 31 === 1
}
