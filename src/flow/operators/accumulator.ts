import type { Row } from '../../columnar/schema.js'

/**
 * One aggregate of a groupBy over all its groups, which are numbered from 0. Between the partial and the final half its state travels
 * as columns of the row: `writePartial` names them, `merge` reads them.
 */
export interface Accumulator {
  /** Bytes that one more group takes. */
  readonly groupBytes: number
  /** Bytes that it takes beside that, of one whose groups grow with their values. */
  readonly grownBytes?: number
  /** Makes room for the next group. */
  open(): void
  /** Whether it takes whole rows, as copies, in the place of a column's values. */
  readonly takesRows?: boolean
  /** Takes the value of its column, of `count`, which reads none, anything; and that of its second column, if it has one. */
  add(group: number, value: unknown, by: unknown): void
  merge(group: number, row: Row): void
  writePartial(group: number, row: Row): void
  writeFinal(group: number, row: Row): void
  /** Forgets all groups. */
  clear(): void
}

/** Where an accumulator stands: for its columns and its errors. */
export interface AccumulatorPlace {
  /** The column of the result. */
  readonly as: string
  /** The column that is read; '' for count. */
  readonly column: string
  /** Begins the names of the columns that carry its state; no key begins so. */
  readonly state: string
  /** Stage and operator, as errors give them. */
  readonly where: string
}

/** What a groupBy reads of its rows, and who takes it. */
export interface Reading {
  /** The column, '' for none, and a second one, '' for none. */
  readonly column: string
  readonly by: string
  readonly make: (place: Pick<AccumulatorPlace, 'state' | 'where'>) => Accumulator
}
