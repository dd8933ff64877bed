import type { MessagePort } from 'node:worker_threads'
import { assert } from '../base/assert.js'
import type { ParticipantId } from '../base/ids.js'
import type { LinkEnd } from '../stream/link-end.js'
import { Session, type SessionOptions } from '../stream/session.js'
import type { LinkSegment } from './link-layout.js'
import { Loop, type LoopOptions } from './loop.js'
import { MemberWords } from './member-words.js'
import { attachLink, type RemoteMember } from './thread-link.js'

/** How a member of a pool is known to the others. Ids are never reused within a pool. */
export interface MemberCard {
  readonly id: number
  readonly words: SharedArrayBuffer
}

interface Acquaintance extends RemoteMember {
  readonly bell: MessagePort
}

/** This thread as a member of one pool: its words, its loop, and the bells between it and the members it has met. */
export class Member {
  readonly loop: Loop
  private readonly words: MemberWords
  private readonly acquaintances = new Map<number, Acquaintance>()
  private openQueries = 0

  constructor(
    readonly id: number,
    segment?: SharedArrayBuffer,
    loop?: LoopOptions,
  ) {
    this.words = new MemberWords(segment)
    this.loop = new Loop(this.words.sleep, loop)
  }

  get card(): MemberCard {
    return { id: this.id, words: this.words.segment }
  }

  /** Queries whose meshes this member is still part of. */
  get queries(): number {
    return this.openQueries
  }

  /** From now on this member can wake the other, and be woken by it. */
  meet(card: MemberCard, bell: MessagePort): void {
    const words = new MemberWords(card.words)
    const ring = () => bell.postMessage(0)
    bell.on('message', this.loop.bell)
    // The bell alone holds nothing open: whoever waits does.
    bell.unref()
    this.acquaintances.set(card.id, {
      bell,
      get isDead() {
        return words.status.isDead
      },
      wake: () => words.sleep.wake(ring),
    })
  }

  hasMet(id: number): boolean {
    return this.acquaintances.has(id)
  }

  wake(id: number): void {
    this.acquaintances.get(id)?.wake()
  }

  part(id: number): void {
    this.acquaintances.get(id)?.bell.close()
    this.acquaintances.delete(id)
  }

  partFromAll(): void {
    for (const id of [...this.acquaintances.keys()]) this.part(id)
  }

  attach(link: LinkSegment, self: ParticipantId, peerMember: number): LinkEnd {
    const remote = this.acquaintances.get(peerMember)
    assert(remote !== undefined, `member ${this.id} has not met member ${peerMember}`)
    return attachLink(link, self, remote)
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
