import { deserialize, serialize } from 'node:v8'
import { MillraceError } from '../../base/errors.js'
import { detachObjects } from '../../columnar/detach.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import { SpillLog } from '../../exchange/spill-log.js'
import { type Cursor, END } from './cursor.js'
import type { SortedRun } from './run-merge.js'
import { rowBytes } from './size-meter.js'

/**
 * Rows on disk: written one after the other, then read back once in the same order, each as it was (by structured clone: also what no
 * column could hold). A part of them is in memory, of about `chunkBytes`.
 */
export class SpilledRows implements SortedRun<Row>, Cursor<Row> {
  head: Row | undefined
  readonly #log: SpillLog
  readonly #where: string
  readonly #chunkBytes: number
  #chunk: Row[] = []
  /** Of the chunk being written. */
  #bytes = 0
  /** In the chunk being read. */
  #at = 0

  /** `where` begins messages: stage and operator. */
  constructor(spill: Spill, where: string, chunkBytes: number) {
    this.#log = new SpillLog(spill, where)
    this.#where = where
    this.#chunkBytes = chunkBytes
  }

  /** The row must not change any more. @throws MillraceError `SpillFailed`, `SpillBudget`, `NotCloneable` */
  add(row: Row): void {
    this.#chunk.push(row)
    this.#bytes += rowBytes(row)
    if (this.#bytes >= this.#chunkBytes) this.#write()
  }

  /** After the last row: it can be read. Throws as `add` and `step` do. */
  end(): void {
    if (this.#chunk.length > 0) this.#write()
    this.#load()
  }

  /** Goes on to the next row; its file is closed behind the last. @throws MillraceError `SpillFailed` */
  step(): void {
    if (++this.#at < this.#chunk.length) this.head = this.#chunk[this.#at]
    else this.#load()
  }

  next(): Row | typeof END {
    const { head } = this
    if (head === undefined) return END
    this.step()
    return head
  }

  close(): void {
    this.#chunk = []
    this.head = undefined
    this.#log.close()
  }

  #write(): void {
    this.#log.append(this.#encode())
    this.#chunk = []
    this.#bytes = 0
  }

  #encode(): Uint8Array {
    try {
      return serialize(this.#chunk)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new MillraceError('NotCloneable', `${this.#where}: a row cannot go to disk: ${reason}; map it to plain data before`, { cause })
    }
  }

  #load(): void {
    const message = this.#log.cursors[0].take()
    if (message === undefined) {
      this.close()
      return
    }
    this.#chunk = deserialize(message) as Row[]
    // Bytes are read as windows of the message.
    for (const row of this.#chunk) detachObjects(row)
    this.#at = 0
    this.head = this.#chunk[0]
  }
}
