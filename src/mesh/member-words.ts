import { createSegment } from '../memory/segment.js'
import { SharedWords } from '../memory/shared-words.js'
import { SleepWord } from '../memory/sleep-word.js'

const SLEEP_INDEX = 0
const STATUS_INDEX = 1
const WORDS = 2
const DEAD = 1

/**
 * The shared words of one member of a pool, seen by all who have a link to it: how it sleeps, and whether it is dead. The status is
 * written by the leader alone, when the member has exited.
 */
export class MemberWords {
  readonly sleep: SleepWord
  private readonly words: SharedWords

  constructor(readonly segment: SharedArrayBuffer = createSegment(SharedWords.sizeBytes(WORDS))) {
    this.words = new SharedWords(segment)
    this.sleep = new SleepWord(this.words, SLEEP_INDEX)
  }

  get isDead(): boolean {
    return this.words.load(STATUS_INDEX) === DEAD
  }

  /** SYNC death: what the dead had published was published before it exited, and so before this. */
  markDead(): void {
    this.words.store(STATUS_INDEX, DEAD)
  }
}
