import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { END, PAUSE } from '../operators/cursor.js'
import { checkName, compressionOf } from './compression.js'
import { bytesInRange, type Feed, firstPosition, isEof, PIECE_BYTES, type Piece, readBytes } from './feed.js'
import { inflateLater, wholeOf } from './inflated-pieces.js'
import { readError } from './read-error.js'
import type { Split, SplitFile } from './split.js'
import { SplitAhead } from './split-ahead.js'

interface Target {
  readonly file: SplitFile
  skipped: boolean
}

interface Filled extends Piece {
  readonly target: Target
  readonly buffer: Buffer
}

/** Reads one piece ahead of what was taken, across files and splits. */
export class AsyncFeed implements Feed {
  readonly #splits: SplitAhead
  readonly #cwd: string
  readonly #free: Buffer[] = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)]
  readonly #filled: Filled[] = []
  #taken: Filled | undefined
  #pump: Promise<void> | undefined
  #state: 'reading' | 'ended' | 'closed' | { readonly error: unknown } = 'reading'
  /** Wakes the pump when a buffer is free, a file is skipped or the feed closed. */
  #wakePump: () => void = () => {}
  #wakeReader: () => void = () => {}
  /** What readers wait for together. */
  #change: Promise<void> | undefined
  /** The file at hand, settled when it is closed. */
  #fileWork: Promise<void> | undefined
  splitsDone = 0

  constructor(nextSplit: () => Promise<Split | undefined>, cwd: string) {
    this.#splits = new SplitAhead(nextSplit)
    this.#cwd = cwd
  }

  next(): Piece | typeof PAUSE | typeof END {
    this.#pump ??= this.#run()
    this.#release()
    const piece = this.#filled.shift()
    if (piece !== undefined) {
      this.#taken = piece
      return piece
    }
    if (typeof this.#state === 'object') throw this.#state.error
    return this.#state === 'reading' ? PAUSE : END
  }

  skip(): void {
    const target = this.#taken?.target
    if (target === undefined) return
    target.skipped = true
    while (this.#filled[0]?.target === target) this.#free.push((this.#filled.shift() as Filled).buffer)
    this.#wakePump()
  }

  async ready(): Promise<void> {
    this.#pump ??= this.#run()
    if (this.#state === 'closed') return this.#fileWork
    if (this.#state === 'reading' && this.#filled.length === 0) {
      this.#change ??= new Promise((wake) => {
        this.#wakeReader = wake
      })
      await this.#change
      this.#change = undefined
    }
    if (typeof this.#state === 'object' && this.#filled.length === 0) throw this.#state.error
  }

  close(): void {
    this.#state = 'closed'
    this.#filled.length = 0
    this.#taken = undefined
    this.#wakePump()
    this.#wakeReader()
  }

  #release(): void {
    if (this.#taken === undefined) return
    this.#free.push(this.#taken.buffer)
    this.#taken = undefined
    this.#wakePump()
  }

  async #run(): Promise<void> {
    try {
      for (let split = await this.#splits.take(); split !== undefined; split = await this.#splits.take()) {
        for (const file of split.files) {
          if (this.#state === 'closed') return
          const work = compressionOf(file.path) === undefined ? this.#readFile(file) : this.#inflateFile(file)
          this.#fileWork = work.catch(() => {})
          await work
        }
        this.splitsDone++
      }
      if (this.#state === 'reading') this.#state = 'ended'
    } catch (error) {
      if (this.#state === 'reading') this.#state = { error }
    } finally {
      this.#wakeReader()
    }
  }

  async #readFile(file: SplitFile): Promise<void> {
    const target = { file, skipped: false }
    let handle: FileHandle | undefined
    try {
      handle = await open(resolve(this.#cwd, target.file.path), 'r')
      await this.#readPieces(handle, target)
    } catch (error) {
      throw readError(target.file.path, error)
    } finally {
      await handle?.close()
    }
  }

  async #readPieces(handle: FileHandle, target: Target): Promise<void> {
    const { file } = target
    let position = firstPosition(file)
    for (;;) {
      const buffer = await this.#freeBuffer(target)
      if (buffer === undefined) return
      const asked = readBytes(file, position)
      const { bytesRead } = await handle.read(buffer, 0, asked, position)
      if (this.#stopped(target)) {
        this.#free.push(buffer)
        return
      }
      const bytes = buffer.subarray(0, bytesRead)
      if (position === 0) checkName(file.path, bytes)
      const eof = isEof(file, position, asked, bytesRead)
      this.#fill({ target, file, position, buffer, bytes, splitBytes: bytesInRange(file, position, bytesRead), eof })
      if (eof) return
      position += bytesRead
    }
  }

  /** Its pieces have memory of their own; a buffer stands for the place of each. */
  async #inflateFile(range: SplitFile): Promise<void> {
    const file = wholeOf(range)
    const target = { file, skipped: false }
    let position = 0
    for await (const { bytes, readBytes } of inflateLater(this.#cwd, file.path)) {
      const buffer = await this.#freeBuffer(target)
      if (buffer === undefined) return
      this.#fill({ target, file, position, buffer, bytes, splitBytes: readBytes, eof: false })
      position += bytes.length
    }
    const buffer = await this.#freeBuffer(target)
    if (buffer !== undefined) this.#fill({ target, file, position, buffer, bytes: buffer.subarray(0, 0), splitBytes: 0, eof: true })
  }

  #fill(piece: Filled): void {
    this.#filled.push(piece)
    this.#wakeReader()
  }

  /** Waits for a buffer; undefined when the rest of the file is not wanted. */
  async #freeBuffer(target: Target): Promise<Buffer | undefined> {
    while (!this.#stopped(target)) {
      const buffer = this.#free.pop()
      if (buffer !== undefined) return buffer
      await new Promise<void>((wake) => {
        this.#wakePump = wake
      })
    }
    return undefined
  }

  #stopped(target: Target): boolean {
    return target.skipped || this.#state === 'closed'
  }
}
