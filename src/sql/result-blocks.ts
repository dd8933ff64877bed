import type { DuckDBDataChunk } from '@duckdb/node-api'
import { Block } from '../columnar/block.js'
import { ChunkColumn } from './chunk-column.js'
import type { Native } from './native.js'
import type { ResultColumn } from './result-columns.js'

/** The chunks of a result as blocks of rows, one after the other, in the order in which they came. */
export class ResultBlocks {
  readonly #columns: readonly ResultColumn[]
  readonly #names: readonly string[]
  readonly #native: Native
  readonly #chunks: DuckDBDataChunk[] = []

  constructor(columns: readonly ResultColumn[], native: Native) {
    this.#columns = columns
    this.#names = columns.map(({ name }) => name)
    this.#native = native
  }

  /** Chunks that wait. */
  get waiting(): number {
    return this.#chunks.length
  }

  add(chunk: DuckDBDataChunk): void {
    this.#chunks.push(chunk)
  }

  /** @throws MillraceError `SqlColumn` */
  next(): Block | undefined {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return undefined
    const { rowCount } = chunk
    const columns = this.#columns.map((column) => {
      const vector = column.readVector?.(new ChunkColumn(this.#native, chunk, column.index, rowCount))
      return { vector, values: vector === undefined ? chunk.getColumnValues(column.index).map((value) => column.read(value)) : [] }
    })
    return new Block(
      rowCount,
      this.#names,
      (column) => columns[column].vector?.values(0, rowCount) ?? columns[column].values,
      columns.map(({ vector }) => vector),
    )
  }
}
