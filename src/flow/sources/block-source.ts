import { FoundInt32 } from '../../columnar/int32-columns.js'
import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import { END, PAUSE } from '../operators/cursor.js'
import { readError } from './read-error.js'
import type { SourceCursor } from './source-cursor.js'
import { type Split, type SplitFile, splitIdOf } from './split.js'
import { SplitAhead } from './split-ahead.js'

/** Rows of a file that were read together. */
export interface Block {
  readonly path: string
  readonly rows: number
  row(at: number): Row
  /** Where the row stands in the file: in the unit of its source. */
  offset(at: number): number
}

interface Placed {
  readonly block: Block
  readonly range: SplitFile
}

/** A source that is read block by block, without holding up the thread. */
export abstract class BlockSource implements SourceCursor {
  readonly int32: FoundInt32 = new FoundInt32()
  readonly #splits: SplitAhead
  #loader: AsyncGenerator<Placed, void, undefined> | undefined
  #loading: Promise<unknown> | undefined
  #block: Block | undefined
  #range: SplitFile | undefined
  #at = 0
  /** Where the row given last came from. */
  #from: { block: Block; range: SplitFile | undefined; at: number } | undefined
  #state: 'reading' | 'ended' | { readonly error: unknown } = 'reading'
  #closed = false
  bytesRead = 0
  rowsRead = 0
  splitsDone = 0

  constructor(nextSplit: () => Promise<Split | undefined>) {
    this.#splits = new SplitAhead(nextSplit)
  }

  /** The blocks of a range; nothing is open once it has ended. */
  protected abstract blocksOf(range: SplitFile): AsyncGenerator<Block, void, undefined>

  protected get isClosed(): boolean {
    return this.#closed
  }

  next(): Row | typeof END | typeof PAUSE {
    const block = this.#block
    if (block !== undefined && this.#at < block.rows) {
      this.rowsRead++
      this.#from = { block, range: this.#range, at: this.#at }
      return block.row(this.#at++)
    }
    this.#block = undefined
    if (typeof this.#state === 'object') throw this.#state.error
    return this.#state === 'ended' ? END : PAUSE
  }

  async ready(): Promise<void> {
    if (this.#block !== undefined && this.#at < this.#block.rows) return
    if (this.#state === 'reading') {
      this.#loading ??= this.#load()
      await this.#loading
    } else if (this.#closed) {
      await this.#loading
    }
    if (typeof this.#state === 'object') throw this.#state.error
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#state = 'ended'
    this.#block = undefined
    // A generator that rests between blocks has a file open; nobody waits for what closing it says.
    if (this.#loading === undefined) this.#loading = this.#loader?.return().catch(() => {})
  }

  get current(): SourceLocation | undefined {
    return this.#from && { file: this.#from.block.path, offset: this.#from.block.offset(this.#from.at) }
  }

  get range(): SplitFile | undefined {
    return this.#from?.range
  }

  get splitId(): string | undefined {
    return this.range && splitIdOf(this.range)
  }

  async #load(): Promise<void> {
    this.#loader ??= this.#blocks()
    try {
      const { done, value } = await this.#loader.next()
      if (this.#closed) {
        await this.#loader.return()
        return
      }
      if (done) this.#state = 'ended'
      else {
        this.#block = value.block
        this.#range = value.range
      }
      this.#at = 0
    } catch (error) {
      if (!this.#closed) this.#state = { error }
    } finally {
      if (!this.#closed) this.#loading = undefined
    }
  }

  async *#blocks(): AsyncGenerator<Placed, void, undefined> {
    for (let split = await this.#splits.take(); split !== undefined; split = await this.#splits.take()) {
      for (const range of split.files) yield* this.#rangeOf(range)
      this.splitsDone++
    }
  }

  async *#rangeOf(range: SplitFile): AsyncGenerator<Placed, void, undefined> {
    try {
      for await (const block of this.blocksOf(range)) yield { block, range }
    } catch (error) {
      throw readError(range.path, error)
    } finally {
      this.bytesRead += range.end - range.start
    }
  }
}
