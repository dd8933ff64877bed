import { PAUSE } from '../operators/cursor.js'
import type { Piece } from './feed.js'
import type { Inflated } from './file-blocks.js'
import type { SplitFile } from './split.js'

/** Loaded where a file is compressed only. */
export async function* inflateLater(cwd: string, path: string): AsyncGenerator<Inflated, void, undefined> {
  const { inflate } = await import('./inflate.js')
  yield* inflate(cwd, path)
}

/** The range of a file whose end nobody knows. */
export function wholeOf({ path }: SplitFile): SplitFile {
  return { path, start: 0, end: Number.MAX_SAFE_INTEGER }
}

/** A compressed file, for a reader that is not to be held up: one piece is made ahead. */
export class InflatedPieces {
  readonly #file: SplitFile
  readonly #source: AsyncGenerator<Inflated, void, undefined>
  #position = 0
  #ahead: Promise<void> | undefined
  #step: IteratorResult<Inflated, void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(cwd: string, file: SplitFile) {
    this.#file = wholeOf(file)
    this.#source = inflateLater(cwd, file.path)
  }

  /** Throws what reading threw. */
  next(): Piece | typeof PAUSE {
    if (this.#failure !== undefined) throw this.#failure.error
    const step = this.#step
    if (step === undefined) return PAUSE
    this.#step = undefined
    const { bytes, readBytes } = step.done ? { bytes: Buffer.alloc(0), readBytes: 0 } : step.value
    const piece = { file: this.#file, position: this.#position, bytes, splitBytes: readBytes, eof: step.done === true }
    this.#position += bytes.length
    if (!piece.eof) void this.ready()
    return piece
  }

  /** Resolves when `next()` may give something. */
  ready(): Promise<void> {
    if (this.#step === undefined && this.#failure === undefined) this.#ahead ??= this.#read()
    return this.#ahead ?? Promise.resolve()
  }

  /** Resolves when the file is closed. */
  async close(): Promise<void> {
    this.#failure ??= { error: undefined }
    await this.#source.return().catch(() => {})
  }

  async #read(): Promise<void> {
    try {
      this.#step = await this.#source.next()
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#ahead = undefined
    }
  }
}
