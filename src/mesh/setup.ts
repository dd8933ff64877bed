import type { MessagePort } from 'node:worker_threads'
import type { ParticipantId } from '../base/ids.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { SessionWaits } from '../stream/waits.js'
import type { FarLink } from './acquaintance.js'
import type { Holdings } from './holdings.js'
import type { LinkSegment } from './link-layout.js'
import type { MemberCard } from './member.js'

/** How one participant of a mesh reaches another: over what the medium made between two members, or, within one thread, as it is. */
export type LinkSpec =
  | { readonly kind: 'far'; readonly peer: ParticipantId; readonly member: ParticipantId; readonly link: FarLink }
  | { readonly kind: 'local'; readonly peer: ParticipantId; readonly end: LinkEnd }
  | { readonly kind: 'self'; readonly peer: ParticipantId; readonly ringBytes: number }

/** What two members reach each other through. */
export type Means =
  | { readonly kind: 'port'; readonly words: SharedArrayBuffer; readonly bell: MessagePort }
  /** The other connects to our socket, or we to its. */
  | { readonly kind: 'expect' | 'reach'; readonly member: ParticipantId; readonly token: Uint8Array }

/** Leader to worker. Nothing else but bells travels by message port. */
export type SetupMessage =
  | { readonly kind: 'meet'; readonly id: ParticipantId; readonly through: Means }
  | { readonly kind: 'link'; readonly spec: LinkSpec }
  /** So many of its records were taken. */
  | { readonly kind: 'logged'; readonly records: number }
  /** The answer to 'who'. */
  | { readonly kind: 'others'; readonly ids: readonly ParticipantId[] }
  | { readonly kind: 'unreachable'; readonly peer: ParticipantId; readonly why: 'lost' | 'closed' }
  | {
      readonly kind: 'mesh'
      readonly mesh: number
      readonly self: ParticipantId
      readonly links: readonly LinkSpec[]
      /** What the floors above planned: opaque here. */
      readonly plan: unknown
    }
  | ({ readonly kind: 'ask'; readonly question: number } & Question)

/** The mesh of calls, where a mesh is named; queries count from 1. */
export const CALLS = 0

/** census, for tests: what does the worker still hold? waits: what waits in it in this mesh, for a stall report? */
export type Question = { readonly about: 'census' } | { readonly about: 'waits'; readonly mesh: number }

/** absent: the worker takes no part in that mesh. */
export interface Answers {
  readonly census: Holdings
  readonly waits: SessionWaits | 'absent'
}

/** Worker to leader. */
export type SetupReply =
  /** It serves; what it serves is opaque here. */
  | { readonly kind: 'ready'; readonly hello: unknown }
  /** It could not begin. The payload is an encoded error. */
  | { readonly kind: 'refused'; readonly error: Uint8Array }
  /** It sent away who came to its socket, for this reason. */
  | { readonly kind: 'stranger'; readonly why: string }
  /** It has opened the memory of that link. */
  | { readonly kind: 'opened'; readonly epoch: number }
  /** It wants a link to another worker. */
  | { readonly kind: 'want'; readonly peer: ParticipantId }
  /** What was logged in it, opaque here, and how many records it dropped before. */
  | { readonly kind: 'log'; readonly record: Uint8Array; readonly dropped: number }
  /** It wants to know which other workers serve. */
  | { readonly kind: 'who' }
  /** Its session has ended and nothing of it runs any more. */
  | { readonly kind: 'done' }
  /** This of it went on long after it was cancelled. */
  | { readonly kind: 'unresponsive'; readonly what: string }
  | { readonly kind: 'answer'; readonly question: number; readonly answer: Answers[keyof Answers] }

/** What a worker thread is born with, as its `workerData`. */
export interface BirthData {
  readonly millrace: 'worker'
  readonly card: MemberCard
  readonly leader: MemberCard
  readonly bell: MessagePort
  readonly link: LinkSegment
  readonly elasticBytes: number | undefined
  /** For the floors above. */
  readonly boot: unknown
}

export function isBirthData(data: unknown): data is BirthData {
  return typeof data === 'object' && data !== null && (data as { millrace?: unknown }).millrace === 'worker'
}
