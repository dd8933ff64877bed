import type { Clock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import type { StallOptions } from './stall-report.js'
import type { ThreadOptions, WorkerFactory } from './thread-host.js'
import type { Transport } from './transport.js'
import type { WorkerSide } from './worker-side.js'

/** Where workers run: in threads of this process, or in processes of their own. */
export type WorkerKind = 'thread' | 'process'

/** @throws MillraceError `InvalidArgument` */
export function checkedKind(kind: WorkerKind = 'thread'): WorkerKind {
  if (kind !== 'thread' && kind !== 'process') {
    throw new MillraceError('InvalidArgument', `kind is ${JSON.stringify(kind)}; give 'thread' or 'process'`)
  }
  if (kind === 'process' && process.platform === 'win32') {
    throw new MillraceError('InvalidArgument', "kind is 'process', which needs Unix sockets: on Windows use threads")
  }
  return kind
}

export interface PoolOptions {
  /** Threads; 0: one participant inline, in this thread. */
  readonly workers: number
  /** What workers are; threads by default. A process runs the module `bootstrap` names. */
  readonly kind?: WorkerKind | undefined
  /** The module that each thread runs, or what makes the thread; and what it is told. */
  readonly bootstrap: URL | WorkerFactory
  readonly boot: unknown
  /** What a worker in this thread does, where `workers` is 0. */
  readonly inline: (side: WorkerSide) => void
  readonly ringBytes?: number | undefined
  readonly elasticBytes?: number | undefined
  readonly thread?: ThreadOptions | undefined
  /** How long a worker may take to end before it is terminated; 5000 ms by default. */
  readonly closeTimeoutMs?: number | undefined
  /** How long a worker may take before it serves; 60000 ms by default. */
  readonly startTimeoutMs?: number | undefined
  /** Told of what a worker says goes on in it long after it was cancelled. */
  readonly unresponsive?: ((worker: ParticipantId, what: string) => void) | undefined
  /** Takes what workers log, and how many records were dropped before it. */
  readonly logged?: ((record: Uint8Array, dropped: number) => void) | undefined
  /** Told why somebody who connected to the socket of this participant was sent away. */
  readonly refused?: ((why: string, participant: ParticipantId) => void) | undefined
  /** For tests: what carries frames between processes, instead of what `MILLRACE_TRANSPORT` says. */
  readonly transport?: Transport | undefined
  /** For tests: what deadlines are measured by. */
  readonly clock?: Clock | undefined
  /** Tells where nothing moves in the mesh of calls while something is waited for. */
  readonly stall?: StallOptions | undefined
  /** Bytes and bells aside, for tests: a position near 2^32 at which the rings begin. */
  readonly ringPosition?: number | undefined
}
