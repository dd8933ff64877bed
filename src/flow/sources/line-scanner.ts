import { isAscii } from 'node:buffer'
import { END, PAUSE } from '../operators/cursor.js'
import type { Feed, Piece } from './feed.js'
import { LineStart, RETURN, withoutReturn } from './line-start.js'
import type { SplitFile } from './split.js'

/** Decoded at once. A line is a window into its block, which lives as long as any of its lines: so blocks are short. */
const BLOCK_BYTES = 32 * 1024
const NEWLINE = 10

/**
 * Cuts a feed into lines: exactly those that start in the range of each file. Blocks of plain ASCII are decoded in one piece and cut
 * as text; in others each line is decoded by itself, so that offsets stay bytes.
 */
export class LineScanner {
  readonly #feed: Feed
  /** File and byte offset of the line given last. */
  file = ''
  offset = 0
  bytesRead = 0

  #range: SplitFile | undefined
  #piece: Piece | undefined
  /** The first line of the range has not begun: its start is behind the next newline. */
  #skipping = false
  /** The beginning of a line that goes on in the next piece. */
  readonly #carry: LineStart = new LineStart()

  /** Complete lines of the piece not yet cut into blocks: from, to. */
  #at = 0
  #to = 0
  /** The piece holds the last line of the range. */
  #last = false

  #text = ''
  #textAt = 0
  #textOffset = 0
  /** End of the block that is decoded line by line; its next line begins at `#at`. */
  #blockTo = 0

  constructor(feed: Feed) {
    this.#feed = feed
  }

  next(): string | typeof PAUSE | typeof END {
    for (;;) {
      if (this.#textAt < this.#text.length) return this.#asciiLine()
      if (this.#at < this.#blockTo) return this.#utf8Line()
      if (this.#at < this.#to) {
        this.#openBlock()
        continue
      }
      const line = this.#advance()
      if (line !== undefined) return line
    }
  }

  /** Of the range that the line given last began in. */
  get range(): SplitFile | undefined {
    return this.#range
  }

  /** There are lines to give without another piece. */
  get hasLines(): boolean {
    return this.#textAt < this.#text.length || this.#at < this.#blockTo || this.#at < this.#to
  }

  close(): void {
    this.#text = ''
    this.#at = this.#to = this.#blockTo = 0
    this.#piece = undefined
    this.#carry.clear()
    this.#feed.close()
  }

  #asciiLine(): string {
    const text = this.#text
    const from = this.#textAt
    const to = text.indexOf('\n', from)
    this.offset = this.#textOffset + from
    this.#textAt = to + 1
    return text.substring(from, to > from && text.charCodeAt(to - 1) === RETURN ? to - 1 : to)
  }

  #utf8Line(): string {
    const { bytes, position } = this.#piece as Piece
    const from = this.#at
    const to = bytes.indexOf(NEWLINE, from)
    this.offset = position + from
    this.#at = to + 1
    return bytes.toString('utf8', from, withoutReturn(bytes, from, to))
  }

  #openBlock(): void {
    const { bytes, position } = this.#piece as Piece
    const from = this.#at
    let to = this.#to
    if (to - from > BLOCK_BYTES) {
      const newline = bytes.lastIndexOf(NEWLINE, from + BLOCK_BYTES - 1)
      to = (newline >= from ? newline : bytes.indexOf(NEWLINE, from)) + 1
    }
    if (isAscii(bytes.subarray(from, to))) {
      this.#text = bytes.toString('latin1', from, to)
      this.#textAt = 0
      this.#textOffset = position + from
      this.#at = to
    } else {
      this.#blockTo = to
    }
  }

  /** Goes on to the next piece. Gives a line that crosses its beginning, or the last one of a file that has no end; else undefined. */
  #advance(): string | typeof PAUSE | typeof END | undefined {
    if (this.#piece !== undefined) {
      const left = this.#leave(this.#piece)
      this.#piece = undefined
      if (left !== undefined) return left
    }
    const piece = this.#feed.next()
    if (piece === PAUSE || piece === END) return piece
    this.#at = this.#to = this.#blockTo = 0
    if (piece.file !== this.#range) this.#begin(piece.file)
    this.bytesRead += piece.splitBytes
    this.#piece = piece
    return this.#enter(piece)
  }

  #begin(range: SplitFile): void {
    this.#range = range
    this.file = range.path
    this.#skipping = range.start > 0
    this.#carry.clear()
    this.#last = false
  }

  #enter(piece: Piece): string | undefined {
    const { bytes, position, file } = piece
    let at = 0
    if (this.#skipping) {
      const newline = bytes.indexOf(NEWLINE)
      if (newline < 0) return position + bytes.length < file.end ? this.#reach(bytes.length, bytes.length) : this.#finish(bytes.length)
      this.#skipping = false
      at = newline + 1
      if (position + at >= file.end) return this.#finish(at)
    } else if (position === 0 && this.#carry.bytes === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      at = 3
    }
    if (this.#carry.bytes === 0) return this.#reach(at, this.#lastLineEnd(piece, at))
    const newline = bytes.indexOf(NEWLINE, at)
    if (newline < 0) return this.#reach(at, at)
    const line = this.#joined(bytes.subarray(at, newline))
    if (position + newline + 1 >= file.end) this.#finish(newline + 1)
    else this.#reach(newline + 1, this.#lastLineEnd(piece, newline + 1))
    return line
  }

  /** Where the last complete line of the piece ends that starts in the range; `from` if there is none. */
  #lastLineEnd({ bytes, position, file }: Piece, from: number): number {
    const limit = file.end - 1 - position
    if (limit < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, Math.max(from, limit))
      if (newline >= 0) {
        this.#last = true
        return newline + 1
      }
    }
    return Math.max(from, bytes.lastIndexOf(NEWLINE) + 1)
  }

  #reach(at: number, to: number): undefined {
    this.#at = at
    this.#to = to
  }

  #finish(at: number): undefined {
    this.#last = true
    this.#reach(at, at)
  }

  /** Keeps what is left of a piece, or ends the range with it. */
  #leave({ bytes, position, eof }: Piece): string | undefined {
    if (this.#last) {
      this.#feed.skip()
      return undefined
    }
    if (!this.#skipping) this.#carry.add(bytes.subarray(this.#to), { file: this.file, offset: position + this.#to })
    return eof && this.#carry.bytes > 0 ? this.#joined(bytes.subarray(bytes.length)) : undefined
  }

  #joined(end: Buffer): string {
    this.offset = this.#carry.offset
    return this.#carry.join(end)
  }
}
