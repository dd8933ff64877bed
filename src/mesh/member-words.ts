import { createSegment } from '../memory/segment.js'
import { SharedWords } from '../memory/shared-words.js'
import { SleepWord } from '../memory/sleep-word.js'
import { StatusWord } from '../memory/status-word.js'

const SLEEP_INDEX = 0
const STATUS_INDEX = 1
const WORDS = 2

/** The shared words of one member of a pool, seen by all who have a link to it: how it sleeps, and whether it is dead. */
export class MemberWords {
  readonly sleep: SleepWord
  readonly status: StatusWord

  constructor(
    readonly segment: SharedArrayBuffer | ArrayBuffer = createSegment(SharedWords.sizeBytes(WORDS)),
    at = 0,
  ) {
    const words = new SharedWords(segment)
    this.sleep = new SleepWord(words, at + SLEEP_INDEX)
    this.status = new StatusWord(words, at + STATUS_INDEX)
  }

  /** Bytes of a table of so many members. */
  static tableBytes(members: number): number {
    return SharedWords.sizeBytes(members * WORDS)
  }

  /** Those of one member in such a table. */
  static inTable(segment: ArrayBuffer, id: number): MemberWords {
    return new MemberWords(segment, id * WORDS)
  }
}
