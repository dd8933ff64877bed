import { type DecodedArray, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { ColumnPlan } from '../column-plan.js'
import { type Block, BlockSource } from './block-source.js'
import { type ColumnRead, columnReads, columnsFound } from './column-reads.js'
import { type ColumnValues, columnValues, rowAt } from './column-values.js'
import { type Group, ParquetFile } from './parquet-file.js'
import { parsersOf } from './parquet-parsers.js'
import { columnsOf } from './parquet-types.js'
import type { Split, SplitFile } from './split.js'

/** Files whose footers are remembered: many splits of one file come one after the other. */
const FOOTERS_MAX = 16

/** Row groups that start in the ranges of the splits, one at a time, column by column. A row's offset is its number in its file. */
export class ParquetSource extends BlockSource {
  readonly #declared: readonly ColumnPlan[] | undefined
  readonly #cwd: string
  readonly #footers = new Map<string, Group[]>()

  constructor(declared: readonly ColumnPlan[] | undefined, nextSplit: () => Promise<Split | undefined>, cwd: string) {
    super(nextSplit)
    this.#declared = declared
    this.#cwd = cwd
  }

  protected async *blocksOf(range: SplitFile): AsyncGenerator<Block, void, undefined> {
    let file: ParquetFile | undefined
    try {
      const known = this.#footers.get(range.path)
      if (known !== undefined && !known.some((group) => startsIn(group, range))) return
      file = await ParquetFile.open(this.#cwd, range.path)
      const groups = known ?? this.#remember(range.path, await file.groups())
      for (const group of groups) {
        if (startsIn(group, range) && group.rows > 0) yield await this.#columnsOf(file, group, range.path)
      }
    } finally {
      await file?.close()
    }
  }

  #remember(path: string, groups: Group[]): Group[] {
    if (this.#footers.size === FOOTERS_MAX) this.#footers.delete(this.#footers.keys().next().value as string)
    this.#footers.set(path, groups)
    return groups
  }

  /** Lets the event loop turn between columns: one takes tens of milliseconds. */
  async #columnsOf(file: ParquetFile, group: Group, path: string): Promise<Block> {
    const columns: ColumnValues[] = []
    const reads = columnReads(path, columnsOf(group.metadata), this.#declared)
    this.int32.found(columnsFound(reads))
    for (const read of reads) {
      await new Promise(setImmediate)
      if (this.isClosed) break
      columns.push(columnValues(read, await pagesOf(file, group, read), group.rows, { path, firstRow: group.firstRow }))
    }
    const { rows, firstRow } = group
    return { path, rows, row: (at) => rowAt(columns, at), offset: (at) => firstRow + at }
  }
}

function startsIn(group: Group, range: SplitFile): boolean {
  return group.startByte >= range.start && group.startByte < range.end
}

async function pagesOf(file: ParquetFile, { metadata, rows }: Group, read: ColumnRead): Promise<DecodedArray[]> {
  const pages: DecodedArray[] = []
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
    parsers: parsersOf(read),
  })
  return pages
}
