import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { END, PAUSE } from '../operators/cursor.js'
import { checkName, compressionOf } from './compression.js'
import { bytesInRange, type Feed, firstPosition, isEof, PIECE_BYTES, type Piece, readBytes } from './feed.js'
import { InflatedPieces } from './inflated-pieces.js'
import { readError } from './read-error.js'
import type { Split, SplitFile } from './split.js'
import { SplitAhead } from './split-ahead.js'

interface OpenFile {
  readonly file: SplitFile
  readonly fd: number
  position: number
}

/** Reads in place; only splits, and what is compressed, are waited for. */
export class SyncFeed implements Feed {
  readonly #splits: SplitAhead
  readonly #cwd: string
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #split: Split | undefined
  #at = 0
  #open: OpenFile | undefined
  #inflated: InflatedPieces | undefined
  #closing: Promise<void> | undefined
  #ended = false
  #failure: { readonly error: Error } | undefined
  splitsDone = 0

  constructor(nextSplit: () => Promise<Split | undefined>, cwd: string) {
    this.#splits = new SplitAhead(nextSplit)
    this.#cwd = cwd
  }

  next(): Piece | typeof PAUSE | typeof END {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#ended) return END
    if (this.#inflated === undefined && this.#open === undefined) {
      const file = this.#split?.files[this.#at]
      if (file === undefined) {
        if (this.#split !== undefined) this.splitsDone++
        this.#split = undefined
        return PAUSE
      }
      this.#at++
      if (compressionOf(file.path) !== undefined) this.#inflated = new InflatedPieces(this.#cwd, file)
      else this.#open = { file, fd: this.#try(file, () => openSync(resolve(this.#cwd, file.path), 'r')), position: firstPosition(file) }
    }
    return this.#inflated === undefined ? this.#read(this.#open as OpenFile) : this.#inflate(this.#inflated)
  }

  skip(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd)
    this.#closing = this.#inflated?.close() ?? this.#closing
    this.#open = this.#inflated = undefined
  }

  async ready(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#ended) return this.#closing
    if (this.#inflated !== undefined) return this.#inflated.ready()
    if (this.#split !== undefined) return
    const split = await this.#splits.take().catch((error: Error) => {
      this.#failure = { error }
      throw error
    })
    if (this.#ended) return
    this.#split = split
    this.#at = 0
    if (split === undefined) this.#ended = true
  }

  close(): void {
    this.#ended = true
    this.skip()
  }

  #read(open: OpenFile): Piece {
    const { file, fd, position } = open
    const asked = readBytes(file, position)
    const got = this.#try(file, () => readSync(fd, this.#buffer, 0, asked, position))
    const bytes = this.#buffer.subarray(0, got)
    if (position === 0) this.#try(file, () => checkName(file.path, bytes))
    open.position += got
    const eof = isEof(file, position, asked, got)
    if (eof) this.skip()
    return { file, position, bytes, splitBytes: bytesInRange(file, position, got), eof }
  }

  #inflate(inflated: InflatedPieces): Piece | typeof PAUSE {
    const piece = this.#try(undefined, () => inflated.next())
    if (piece !== PAUSE && piece.eof) this.skip()
    return piece
  }

  #try<T>(file: SplitFile | undefined, act: () => T): T {
    try {
      return act()
    } catch (error) {
      this.close()
      this.#failure = { error: file === undefined ? (error as Error) : readError(file.path, error) }
      throw this.#failure.error
    }
  }
}
