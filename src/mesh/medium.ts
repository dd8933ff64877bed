import type { ParticipantId } from '../base/ids.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { PoolWorker } from './pool-worker.js'
import type { LinkSpec } from './setup.js'

/** A worker that was started, and the leader's end of its link in the mesh of calls. */
export interface Born {
  readonly worker: PoolWorker
  readonly end: LinkEnd
  /** Lets it begin, once its pool knows it. */
  begin(): void
}

/** One end of a link: who it is in its mesh, and in the pool. */
export interface EndOfLink {
  readonly participant: ParticipantId
  readonly member: ParticipantId
}

export interface RingSizes {
  /** Capacity of the data ring that the first end writes, and of the one that the second writes. */
  readonly firstRingBytes: number
  readonly secondRingBytes: number
}

/** What carries the frames of a pool. */
export interface MediumDescription {
  /** inline: one thread; threads: shared memory of one process; shm: memory that processes share; socket: Unix sockets between them. */
  readonly transport: 'inline' | 'threads' | 'shm' | 'socket'
  readonly why: string
}

/** How the members of a pool come to be, and what they reach each other through: the one part that differs between threads and processes. */
export interface Medium {
  born(id: ParticipantId): Born
  /** Two workers can wake each other from now on. To be called once for each two. */
  introduce(a: PoolWorker, b: PoolWorker): void
  /** Makes a link of one mesh, between two members that can wake each other: what each is told of it. */
  link(first: EndOfLink, second: EndOfLink, sizes: RingSizes): [LinkSpec, LinkSpec]
  /** This member has opened the memory of that link. */
  opened(id: ParticipantId, epoch: number): void
  /** This worker is gone. */
  parted(id: ParticipantId): void
  /** All are gone. */
  close(): void | Promise<void>
  /** What carries frames, and why it is this. */
  readonly description: MediumDescription
}

/** What the pool of a medium is told of its workers. */
export interface WorkerEvents<Reply> {
  replied(worker: PoolWorker, reply: Reply): void
  exited(worker: PoolWorker, code: number | string, cause: unknown): void
}
