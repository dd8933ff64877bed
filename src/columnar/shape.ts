import { assert } from '../base/assert.js'
import { MillraceError } from '../base/errors.js'
import { FieldsShape, type ShapeOwner } from './column-shape.js'
import { type Int32Columns, NO_INT32 } from './int32-columns.js'
import { COLUMNS_MAX } from './layout.js'
import type { Schema } from './schema.js'

export interface ShapeOptions {
  /** Name of the stage, for messages. */
  readonly stage: string
  /** Fields that are known beforehand. Default none. */
  readonly schema?: Schema
  /** Which others are int32; by default none. */
  readonly int32?: Int32Columns | undefined
}

/**
 * The schema of one stage's output on one worker as it grows, shared by all builders of that stage.
 * Columns are only added at the end and only change from null to a type, or from int32 to float64, those inside lists and structs too; `version`
 * counts both.
 */
export class Shape implements ShapeOwner {
  readonly stage: string
  readonly root: FieldsShape
  readonly #int32: Int32Columns
  #snapshot: Schema | undefined
  #version = 0
  #columnCount = 0
  #rowsSeen = 0

  constructor({ stage, schema = [], int32 = NO_INT32 }: ShapeOptions) {
    this.stage = stage
    this.#int32 = int32
    this.root = new FieldsShape(this, (name) => name, 0)
    for (const field of schema) this.root.adopt(field)
    assert(this.root.columns.length === schema.length, `stage ${stage}: a column is there twice`)
    int32.onWidened(() => {
      for (const column of this.root.columns) column.review()
    })
  }

  /** The fields of this moment; the same array until `version` changes. */
  get fields(): Schema {
    this.#snapshot ??= this.root.schema
    return this.#snapshot
  }

  get version(): number {
    return this.#version
  }

  /** All of them, those inside others too. */
  get columnCount(): number {
    return this.#columnCount
  }

  /** Rows handed to any builder of the stage, the one that failed included: the row number in messages, counted from 1. */
  get rowsSeen(): number {
    return this.#rowsSeen
  }

  countRows(rows: number): void {
    this.#rowsSeen += rows
  }

  /** Throws `TooManyColumns` beyond 4,096. */
  added(path: string): void {
    if (this.#columnCount === COLUMNS_MAX) {
      throw new MillraceError(
        'TooManyColumns',
        `${this.place(path)}: more than ${COLUMNS_MAX} columns, those inside others counted; put what varies into a value, as in { key, value }`,
      )
    }
    this.#columnCount++
    this.changed()
  }

  /** Columns that have a type keep it from now on, also int32. */
  fix(): void {
    for (const column of this.root.columns) column.fix()
  }

  isInt32(name: string): boolean {
    return this.#int32.has(name)
  }

  changed(): void {
    this.#snapshot = undefined
    this.#version++
  }

  place(path: string): string {
    return `stage ${JSON.stringify(this.stage)}, row ${this.#rowsSeen}: column ${JSON.stringify(path)}`
  }
}
