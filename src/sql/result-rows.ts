import type { DuckDBDataChunk } from '@duckdb/node-api'
import { rowOfNulls } from '../columnar/row-template.js'
import type { Row } from '../columnar/schema.js'
import type { ResultColumn } from './result-columns.js'

/** The rows of chunks of a result, one after the other, in the order in which they came. */
export class ResultRows {
  readonly #columns: readonly ResultColumn[]
  readonly #nulls: Row
  readonly #chunks: DuckDBDataChunk[] = []
  #values: unknown[][] = []
  #rows = 0
  #at = 0

  constructor(columns: readonly ResultColumn[]) {
    this.#columns = columns
    this.#nulls = rowOfNulls(columns.map(({ name }) => name))
  }

  /** Chunks that wait. */
  get waiting(): number {
    return this.#chunks.length
  }

  add(chunk: DuckDBDataChunk): void {
    this.#chunks.push(chunk)
  }

  /** @throws MillraceError `SqlColumn` */
  next(): Row | undefined {
    while (this.#at === this.#rows) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined) return undefined
      this.#values = this.#columns.map(({ read }, index) => chunk.getColumnValues(index).map((value) => read(value)))
      this.#rows = chunk.rowCount
      this.#at = 0
    }
    const row = { ...this.#nulls }
    for (let i = 0; i < this.#columns.length; i++) row[this.#columns[i].name] = this.#values[i][this.#at]
    this.#at++
    return row
  }
}
