import { type Int32Columns, NO_INT32 } from '../../columnar/int32-columns.js'
import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import { END, PAUSE } from '../operators/cursor.js'
import type { SkippedRows } from '../operators/skipped-rows.js'
import type { Feed } from './feed.js'
import { LineScanner } from './line-scanner.js'
import { contentError } from './read-error.js'
import type { SourceCursor } from './source-cursor.js'
import { type SplitFile, splitIdOf } from './split.js'

/** The row that a line gives, undefined for none. */
type RowOfLine = (text: string, file: string, offset: number) => Row | undefined

export class TextSource implements SourceCursor {
  readonly #feed: Feed
  readonly #scanner: LineScanner
  readonly #rowOf: RowOfLine
  readonly #skips: SkippedRows | undefined
  readonly int32: Int32Columns = NO_INT32
  rowsRead = 0

  /** `skips`: takes lines that are no rows; undefined: they are errors. */
  constructor(feed: Feed, rowOf: RowOfLine, skips?: SkippedRows) {
    this.#feed = feed
    this.#skips = skips
    this.#scanner = new LineScanner(feed)
    this.#rowOf = rowOf
  }

  next(): Row | typeof END | typeof PAUSE {
    const scanner = this.#scanner
    for (;;) {
      const text = scanner.next()
      if (text === PAUSE || text === END) return text
      const row = this.#row(text)
      if (row === undefined) continue
      this.rowsRead++
      return row
    }
  }

  /** Undefined for none. */
  #row(text: string): Row | undefined {
    const { file, offset } = this.#scanner
    try {
      return this.#rowOf(text, file, offset)
    } catch (error) {
      if (this.#skips === undefined) throw error
      this.#skips.take(error as Error, { file, offset }, { text })
      return undefined
    }
  }

  async ready(): Promise<void> {
    if (!this.#scanner.hasLines) await this.#feed.ready()
  }

  close(): void {
    this.#scanner.close()
  }

  get bytesRead(): number {
    return this.#scanner.bytesRead
  }

  get splitsDone(): number {
    return this.#feed.splitsDone
  }

  get range(): SplitFile | undefined {
    return this.rowsRead === 0 ? undefined : this.#scanner.range
  }

  get splitId(): string | undefined {
    return this.range && splitIdOf(this.range)
  }

  get current(): SourceLocation | undefined {
    return this.rowsRead === 0 ? undefined : { file: this.#scanner.file, offset: this.#scanner.offset }
  }
}

export function lineRow(text: string, file: string, offset: number): Row {
  return { text, file, offset }
}

/** A blank line gives none. @throws MillraceError `SourceLine` */
export function jsonRow(text: string, file: string, offset: number): Row | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (text.trim() === '') return undefined
    throw contentError('SourceLine', file, offset, `${file}, byte ${offset}: not valid JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row
  const shown = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  throw contentError('SourceLine', file, offset, `${file}, byte ${offset}: a line must be a JSON object, this is ${shown}`)
}
