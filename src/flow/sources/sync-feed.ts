import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { END, PAUSE } from '../operators/cursor.js'
import { type Feed, firstPosition, isEof, PIECE_BYTES, type Piece, readBytes } from './feed.js'
import { readError } from './read-error.js'
import type { Split, SplitFile } from './split.js'
import { SplitAhead } from './split-ahead.js'

/** Reads in place; only splits are waited for. */
export class SyncFeed implements Feed {
  readonly #splits: SplitAhead
  readonly #cwd: string
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #split: Split | undefined
  #at = 0
  #open: { file: SplitFile; fd: number; position: number } | undefined
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
    if (this.#open === undefined) {
      const file = this.#split?.files[this.#at]
      if (file === undefined) {
        if (this.#split !== undefined) this.splitsDone++
        this.#split = undefined
        return PAUSE
      }
      this.#at++
      this.#open = { file, fd: this.#try(file, () => openSync(resolve(this.#cwd, file.path), 'r')), position: firstPosition(file) }
    }
    return this.#read(this.#open)
  }

  skip(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd)
    this.#open = undefined
  }

  async ready(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#ended || this.#split !== undefined) return
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

  #read(open: { file: SplitFile; fd: number; position: number }): Piece {
    const { file, fd, position } = open
    const asked = readBytes(file, position)
    const got = this.#try(file, () => readSync(fd, this.#buffer, 0, asked, position))
    open.position += got
    const eof = isEof(file, position, asked, got)
    if (eof) this.skip()
    return { file, position, bytes: this.#buffer.subarray(0, got), eof }
  }

  #try<T>(file: SplitFile, act: () => T): T {
    try {
      return act()
    } catch (error) {
      this.close()
      this.#failure = { error: readError(file.path, error) }
      throw this.#failure.error
    }
  }
}
