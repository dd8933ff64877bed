import type { FileInputPlan } from '../plan.js'
import { compressionOf } from './compression.js'
import { type FoundFile, findFiles } from './find-files.js'
import { type Split, type SplitFile, splitIdOf } from './split.js'

const KIB = 1024
/** Bytes of a split by its number: small ones first, so that every worker has something early and rows come soon. */
const SPLIT_BYTES = [
  { below: 8, bytes: 64 * KIB },
  { below: 24, bytes: 256 * KIB },
  { below: Number.POSITIVE_INFINITY, bytes: 1024 * KIB },
]
/** Files in one split: opening them costs more than their bytes. */
const SPLIT_FILES_MAX = 64

export interface EnumerateOptions {
  /** Directory that relative paths and patterns start from; default `process.cwd()`. */
  readonly cwd?: string
  /** What an earlier run has done of it. */
  readonly resumed?: Resumed | undefined
}

/** A source of which a part is done. */
export interface Resumed {
  /** All its files. */
  readonly files: readonly FoundFile[]
  /** Ranges that are finished, by `splitIdOf`: they are left out, and the others are as if they were not. */
  readonly done: ReadonlySet<string>
}

/**
 * The splits of a source in a fixed order: files by path, a large file cut by bytes, small ones together. Row groups of Parquet
 * and batches of Arrow belong to the split in which they start, so that nobody has to read the file here. Empty files give nothing.
 *
 * @throws MillraceError `SourceMissing`, `SourceRead`
 */
export async function* enumerateSplits(input: FileInputPlan, options: EnumerateOptions = {}): AsyncGenerator<Split, void, undefined> {
  const { cwd = process.cwd(), resumed } = options
  const splits = cutSplits(input, resumed?.files ?? findFiles(input, cwd))
  if (resumed === undefined) return yield* splits
  for await (const { id, files } of splits) {
    const left = files.filter((file) => !resumed.done.has(splitIdOf(file)))
    if (left.length > 0) yield { id, files: left }
  }
}

async function* cutSplits(input: FileInputPlan, files: AsyncIterable<FoundFile> | Iterable<FoundFile>): AsyncGenerator<Split> {
  const cutter = new Cutter(input.kind)
  for await (const { path, sizeBytes } of files) yield* cutter.cut(path, sizeBytes)
  yield* cutter.flush()
}

class Cutter {
  readonly #kind: FileInputPlan['kind']
  #id = 0
  #files: SplitFile[] = []
  #bytes = 0

  constructor(kind: FileInputPlan['kind']) {
    this.#kind = kind
  }

  *cut(path: string, sizeBytes: number): Generator<Split> {
    let start = 0
    while (start < sizeBytes) {
      const left = sizeBytes - start
      const room = this.#targetBytes - this.#bytes
      // A file is cut only if it is larger than a whole split, and not for a sliver.
      const fits = left <= room || this.#bytes === 0
      if (!fits && (left <= this.#targetBytes || room < this.#targetBytes / 4)) {
        yield* this.flush()
        continue
      }
      const end = left <= room * 1.25 || this.#isWhole(path) ? sizeBytes : start + room
      this.#files.push({ path, start, end })
      this.#bytes += end - start
      start = end
      if (this.#bytes >= this.#targetBytes || this.#files.length === SPLIT_FILES_MAX) yield* this.flush()
    }
  }

  *flush(): Generator<Split> {
    if (this.#files.length > 0) yield { id: this.#id++, files: this.#files }
    this.#files = []
    this.#bytes = 0
  }

  /** Where a row of CSV begins, or any in a compressed file, only who reads from the beginning can tell. */
  #isWhole(path: string): boolean {
    return this.#kind === 'csv' || (!this.#isColumnar && compressionOf(path) !== undefined)
  }

  get #isColumnar(): boolean {
    return this.#kind === 'parquet' || this.#kind === 'arrow'
  }

  get #targetBytes(): number {
    const id = this.#isColumnar ? Number.POSITIVE_INFINITY : this.#id
    return (SPLIT_BYTES.find(({ below }) => id < below) ?? SPLIT_BYTES[SPLIT_BYTES.length - 1]).bytes
  }
}
