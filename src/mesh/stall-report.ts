import type { Clock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import { LEADER, type ParticipantId } from '../base/ids.js'
import type { Session } from '../stream/session.js'
import type { SessionWaits, Wait } from '../stream/waits.js'
import type { PoolWorker } from './pool-worker.js'
import type { Questions } from './questions.js'

/** A worker that has not answered by then is busy: its loop answers between two pieces of work. */
const ANSWER_MS = 1000
/** The longest timer there is. */
const STALL_MS_MAX = 2 ** 31 - 1
/** More lines than anybody reads. */
const LINES_MAX = 100

/** What a `stallMs` and an `onStall` option ask for. */
export interface StallOptions {
  readonly stallMs?: number | undefined
  readonly onStall: (report: StallReport) => void
  /** For tests. */
  readonly clock?: Clock | undefined
}

/**
 * Somebody waits, and no frame, record or message moved anywhere in the mesh for `stalledMs`: who waits for whom. It is a report only,
 * nothing is ended; long work looks the same as a fault, and says what it is.
 */
export interface StallReport {
  /** Milliseconds in which nothing was seen to move. */
  readonly stalledMs: number
  /** The edges of the wait-for graph. Participant 0 is this thread. */
  readonly waits: readonly Wait[]
  /** All of it in words, a line each. */
  readonly text: string
}

/** @throws MillraceError `InvalidArgument` */
export function checkedStallMs(stallMs: number | undefined): number | undefined {
  if (stallMs === undefined || (stallMs >= 1 && stallMs <= STALL_MS_MAX)) return stallMs
  throw new MillraceError('InvalidArgument', `stallMs is ${stallMs}; give 1 to ${STALL_MS_MAX} ms`)
}

/** What one participant said when asked; `silent`: nothing in time. */
export interface Part {
  readonly participant: ParticipantId
  readonly said: SessionWaits | 'absent' | 'silent'
}

/** Who takes part in a mesh, as its leader knows them. */
export interface Members {
  readonly mesh: number
  readonly session: Session
  readonly workers: readonly (readonly [ParticipantId, PoolWorker])[]
}

/** Asks everybody what waits there. */
export async function askAll({ mesh, session, workers }: Members, questions: Questions, clock: Clock): Promise<Part[]> {
  let cancel = () => {}
  const timeout = new Promise<void>((resolve) => {
    cancel = clock.schedule(resolve, ANSWER_MS)
  })
  const ask = async ([participant, worker]: readonly [ParticipantId, PoolWorker]): Promise<Part> => {
    if (worker.state === 'starting') return { participant, said: { moved: 0, waits: [begins(participant)] } }
    return { participant, said: (await questions.ask(worker, { about: 'waits', mesh }, timeout)) ?? 'silent' }
  }
  const parts = await Promise.all(workers.map(ask))
  cancel()
  return [{ participant: LEADER, said: session.waits() }, ...parts]
}

/** Two equal signatures: nothing moved between them. */
export function signatureOf(parts: readonly Part[]): string {
  return parts.map(({ participant, said }) => `${participant}:${typeof said === 'string' ? said : said.moved}`).join(' ')
}

export function reportOf(parts: readonly Part[], stalledMs: number): StallReport {
  const waits = parts.flatMap(waitsIn)
  const more = waits.length > LINES_MAX ? [`and ${waits.length - LINES_MAX} more`] : []
  const lines = [...waits.slice(0, LINES_MAX).map(({ words }) => words), ...more]
  return { stalledMs, waits, text: [`nothing moved for ${Math.round(stalledMs)} ms:`, ...lines].join('\n') }
}

function waitsIn({ participant, said }: Part): readonly Wait[] {
  if (said === 'silent') return [{ participant, for: 'answer', words: `participant ${participant} does not answer: its thread is busy` }]
  if (said === 'absent') return [{ participant, for: 'begin', words: `participant ${participant} takes no part, not yet or not any more` }]
  return said.waits
}

function begins(participant: ParticipantId): Wait {
  return { participant, for: 'begin', words: `participant ${participant} does not serve yet: it loads its module` }
}
