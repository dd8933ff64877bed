import { type DecodedArray, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import { END, PAUSE } from '../operators/cursor.js'
import type { ColumnPlan } from '../plan.js'
import { type ColumnRead, columnReads } from './parquet-columns.js'
import { type Group, ParquetFile } from './parquet-file.js'
import { type ColumnValues, columnValues, PARSERS } from './parquet-values.js'
import { readError } from './read-error.js'
import type { SourceCursor } from './source-cursor.js'
import type { Split, SplitFile } from './split.js'
import { SplitAhead } from './split-ahead.js'

/** Files whose footers are remembered: many splits of one file come one after the other. */
const FOOTERS_MAX = 16

interface Loaded {
  readonly path: string
  readonly firstRow: number
  readonly rows: number
  readonly columns: readonly ColumnValues[]
}

/** Row groups that start in the ranges of the splits, one at a time, column by column. */
export class ParquetSource implements SourceCursor {
  readonly #declared: readonly ColumnPlan[] | undefined
  readonly #splits: SplitAhead
  readonly #cwd: string
  readonly #footers = new Map<string, Group[]>()
  #loader: AsyncGenerator<Loaded, void, undefined> | undefined
  #loading: Promise<unknown> | undefined
  #loaded: Loaded | undefined
  #at = 0
  /** Where the row given last came from. */
  #path = ''
  #row = 0
  #state: 'reading' | 'ended' | { readonly error: unknown } = 'reading'
  #closed = false
  bytesRead = 0
  rowsRead = 0
  splitsDone = 0

  constructor(declared: readonly ColumnPlan[] | undefined, nextSplit: () => Promise<Split | undefined>, cwd: string) {
    this.#declared = declared
    this.#splits = new SplitAhead(nextSplit)
    this.#cwd = cwd
  }

  next(): Row | typeof END | typeof PAUSE {
    const loaded = this.#loaded
    if (loaded !== undefined && this.#at < loaded.rows) {
      this.rowsRead++
      this.#path = loaded.path
      this.#row = loaded.firstRow + this.#at
      return rowAt(loaded.columns, this.#at++)
    }
    this.#loaded = undefined
    if (typeof this.#state === 'object') throw this.#state.error
    return this.#state === 'ended' ? END : PAUSE
  }

  async ready(): Promise<void> {
    if (this.#loaded !== undefined && this.#at < this.#loaded.rows) return
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
    this.#loaded = undefined
    // A generator that rests between groups has a file open; nobody waits for what closing it says.
    if (this.#loading === undefined) this.#loading = this.#loader?.return().catch(() => {})
  }

  get current(): SourceLocation | undefined {
    return this.rowsRead === 0 ? undefined : { file: this.#path, offset: this.#row }
  }

  async #load(): Promise<void> {
    this.#loader ??= this.#groups()
    try {
      const { done, value } = await this.#loader.next()
      if (this.#closed) {
        await this.#loader.return()
        return
      }
      if (done) this.#state = 'ended'
      else this.#loaded = value
      this.#at = 0
    } catch (error) {
      if (!this.#closed) this.#state = { error }
    } finally {
      if (!this.#closed) this.#loading = undefined
    }
  }

  async *#groups(): AsyncGenerator<Loaded, void, undefined> {
    for (let split = await this.#splits.take(); split !== undefined; split = await this.#splits.take()) {
      for (const range of split.files) yield* this.#groupsOf(range)
      this.splitsDone++
    }
  }

  async *#groupsOf(range: SplitFile): AsyncGenerator<Loaded, void, undefined> {
    let file: ParquetFile | undefined
    try {
      const known = this.#footers.get(range.path)
      if (known !== undefined && !known.some((group) => startsIn(group, range))) return
      file = await ParquetFile.open(this.#cwd, range.path)
      const groups = known ?? this.#remember(range.path, await file.groups())
      for (const group of groups) {
        if (startsIn(group, range) && group.rows > 0) yield await this.#columnsOf(file, group, range.path)
      }
    } catch (error) {
      throw readError(range.path, error)
    } finally {
      this.bytesRead += range.end - range.start
      await file?.close()
    }
  }

  #remember(path: string, groups: Group[]): Group[] {
    if (this.#footers.size === FOOTERS_MAX) this.#footers.delete(this.#footers.keys().next().value as string)
    this.#footers.set(path, groups)
    return groups
  }

  /** Lets the event loop turn between columns: one takes tens of milliseconds. */
  async #columnsOf(file: ParquetFile, group: Group, path: string): Promise<Loaded> {
    const columns: ColumnValues[] = []
    for (const read of columnReads(path, group, this.#declared)) {
      await new Promise(setImmediate)
      if (this.#closed) break
      columns.push(columnValues(read, await pagesOf(file, group, read), group.rows, { path, firstRow: group.firstRow }))
    }
    return { path, firstRow: group.firstRow, rows: group.rows, columns }
  }
}

function startsIn(group: Group, range: SplitFile): boolean {
  return group.startByte >= range.start && group.startByte < range.end
}

async function pagesOf(file: ParquetFile, { metadata, rows }: Group, read: ColumnRead): Promise<DecodedArray[]> {
  const pages: DecodedArray[] = []
  const parsers = read.file === 'nested' ? {} : { parsers: PARSERS }
  const columns = [read.column]
  // An error thrown in onChunk would be lost: it only collects.
  const onChunk = ({ columnData }: { columnData: DecodedArray }): number => pages.push(columnData)
  await parquetRead({
    file,
    metadata,
    columns,
    compressors,
    utf8: read.declared !== 'binary',
    rowStart: 0,
    rowEnd: rows,
    onChunk,
    ...parsers,
  })
  return pages
}

function rowAt(columns: readonly ColumnValues[], at: number): Row {
  const row: Row = {}
  for (let i = 0; i < columns.length; i++) {
    const { column, values, dates } = columns[i]
    const value = values[at]
    row[column] = dates && value !== null ? new Date(value as number) : value
  }
  return row
}
