import { assert } from '../base/assert.js'
import type { ParticipantId } from '../base/ids.js'
import type { LinkEnd } from '../stream/link-end.js'
import { Session, type SessionOptions } from '../stream/session.js'
import type { Acquaintance, FarLink } from './acquaintance.js'
import { Loop, type LoopOptions } from './loop.js'
import { MemberWords } from './member-words.js'

/** How a member of a pool is known to the others. Ids are never reused within a pool. */
export interface MemberCard {
  readonly id: number
  readonly words: SharedArrayBuffer
}

/** This thread or process as a member of one pool: its words, its loop, and the members that it has met. */
export class Member {
  readonly loop: Loop
  private readonly acquaintances = new Map<number, Acquaintance>()
  private openQueries = 0

  constructor(
    readonly id: number,
    private readonly words: MemberWords = new MemberWords(),
    loop?: LoopOptions,
  ) {
    this.loop = new Loop(this.words.sleep, loop)
  }

  get card(): MemberCard {
    return { id: this.id, words: this.words.segment as SharedArrayBuffer }
  }

  /** Queries whose meshes this member is still part of. */
  get queries(): number {
    return this.openQueries
  }

  /** From now on this member can wake the other, and be woken by it. */
  meet(id: number, acquaintance: Acquaintance): void {
    this.acquaintances.set(id, acquaintance)
  }

  hasMet(id: number): boolean {
    return this.acquaintances.has(id)
  }

  wake(id: number): void {
    this.acquaintances.get(id)?.wake()
  }

  part(id: number): void {
    this.acquaintances.get(id)?.part()
    this.acquaintances.delete(id)
  }

  partFromAll(): void {
    for (const id of [...this.acquaintances.keys()]) this.part(id)
  }

  /** `self`'s end of a link with a member that was met. */
  attach(id: number, link: FarLink, self: ParticipantId): LinkEnd {
    const acquaintance = this.acquaintances.get(id)
    assert(acquaintance !== undefined, `member ${this.id} has not met member ${id}`)
    return acquaintance.attach(link, self)
  }

  /** A session that this member's loop serves until it has ended. */
  createSession(options: Omit<SessionOptions, 'schedule'>): Session {
    const session = new Session({ ...options, schedule: () => this.loop.schedule() })
    const queries = options.kind === 'query' ? 1 : 0
    this.loop.add(session)
    this.openQueries += queries
    session.ended.then(() => {
      this.loop.remove(session)
      this.openQueries -= queries
    })
    return session
  }
}
