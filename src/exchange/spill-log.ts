import { assert } from '../base/assert.js'
import type { Spill } from './spill.js'
import type { SpillArea } from './spill-area.js'

/** After so many bytes (16 MiB) a log goes on in another file, so that the disk gets back what everybody has read. */
const SEGMENT_BYTES = 0x100_0000

interface Segment {
  readonly area: SpillArea
  /** How often its messages are still to be read, over all cursors. */
  unread: number
}

/** A message, and the one behind it: cursors walk along, and what all have passed is nobody's. */
interface Entry {
  readonly segment: Segment | undefined
  readonly position: number
  readonly length: number
  next: Entry | undefined
}

const NOTHING: Entry = Object.freeze({ segment: undefined, position: 0, length: 0, next: undefined })

/**
 * Messages on disk, in order, for one reader or for several who read each at its own pace. Written once, however many read. A file is
 * given back when all of its messages were read by all who still want them; nothing is opened before the first message.
 */
export class SpillLog {
  readonly cursors: readonly SpillCursor[]
  private last: Entry = { segment: undefined, position: 0, length: 0, next: undefined }
  private segment: Segment | undefined
  private readonly segments = new Set<Segment>()

  /** `where` begins the messages of errors. */
  constructor(
    private readonly spill: Spill,
    private readonly where: string,
    readers = 1,
  ) {
    const released = (segment: Segment): void => this.released(segment)
    this.cursors = Array.from({ length: readers }, () => new SpillCursor(this.last, released))
  }

  /**
   * Writes a message for the cursors of these indexes, or for all, as far as they are open. The others must have read everything before.
   * Throws `SpillFailed`, `SpillBudget`.
   */
  append(message: Uint8Array, readers?: readonly number[]): void {
    const wants = this.cursors.filter((cursor, index) => cursor.isOpen && readers?.includes(index) !== false)
    if (wants.length === 0) return
    const segment = this.writable()
    const position = segment.area.append(message)
    segment.unread += wants.length
    const entry: Entry = { segment, position, length: message.length, next: undefined }
    this.last.next = entry
    this.last = entry
    for (const cursor of this.cursors) {
      if (wants.includes(cursor)) cursor.added(message.length)
      else if (cursor.isOpen) cursor.skip(entry)
    }
  }

  /** Nobody wants anything more. */
  close(): void {
    for (const cursor of this.cursors) cursor.close()
    for (const { area } of this.segments) area.close()
    this.segments.clear()
    this.segment = undefined
  }

  private writable(): Segment {
    if (this.segment !== undefined && this.segment.area.length < SEGMENT_BYTES) return this.segment
    const segment: Segment = { area: this.spill.open(this.where), unread: 0 }
    this.segments.add(segment)
    this.segment = segment
    return segment
  }

  /** All of it was read: written again from its beginning, if it is the one that is written. */
  private released(segment: Segment): void {
    if (segment === this.segment && this.cursors.some((cursor) => cursor.isOpen)) {
      segment.area.rewind()
      return
    }
    segment.area.close()
    this.segments.delete(segment)
    if (segment === this.segment) this.segment = undefined
  }
}

/** One reader's place in a log. */
export class SpillCursor {
  private open = true
  private unread = 0

  constructor(
    private at: Entry,
    private readonly released: (segment: Segment) => void,
  ) {}

  get isOpen(): boolean {
    return this.open
  }

  /** Bytes of messages that wait for it. */
  get unreadBytes(): number {
    return this.unread
  }

  /** The next message, in memory of its own; undefined where there is none. Throws `SpillFailed`: the message is lost then. */
  take(): Uint8Array | undefined {
    const entry = this.at.next
    if (entry?.segment === undefined) return undefined
    const message = entry.segment.area.read(entry.position, entry.length)
    this.pass(entry)
    return message
  }

  /** It reads no more. */
  close(): void {
    if (!this.open) return
    this.open = false
    for (let entry = this.at.next; entry !== undefined; entry = this.at.next) this.pass(entry)
    // What comes later must not stay alive for it.
    this.at = NOTHING
  }

  /** For the log. */
  added(bytes: number): void {
    this.unread += bytes
  }

  /** For the log: a message that it does not want follows. */
  skip(entry: Entry): void {
    assert(this.unread === 0, 'a reader of a spill log would miss a message')
    this.at = entry
  }

  private pass(entry: Entry): void {
    const { segment } = entry
    this.at = entry
    this.unread -= entry.length
    if (segment !== undefined && --segment.unread === 0) this.released(segment)
  }
}
