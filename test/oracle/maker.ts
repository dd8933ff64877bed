import type { Engine } from './engine.js'
import type { Table } from './table.js'

/** What a step needs beside the rows that it takes. */
export interface Maker {
  readonly engine: Engine
  /** The name of a column that is not there yet. */
  fresh(): string
  /** The name of a table of what a query gives. */
  create(query: string): string
  /** Notes which columns are compared. */
  keys(table: Table, columns: readonly string[]): void
  /** Notes what is taken of which kind of column. */
  aggregate(fn: string, kind: string): void
}
